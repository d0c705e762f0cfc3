// What of a graph concerns the sequence as a whole: layers that look along it, the direction of
// recurrent layers, and how many steps a node has.
//
// Thread safety: pure functions.
#ifndef SEQUENT_CORE_MODEL_GRAPH_SEQUENCE_H_
#define SEQUENT_CORE_MODEL_GRAPH_SEQUENCE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/model/graph.h"
#include "sequent/v1/model.pb.h"

namespace sequent {

// Take a layer's own fields. Errors as ResolveGraph's.
Status SetConv1d(const std::string& path, const v1::Conv1d& conv, Node* node);
Status SetPool(const std::string& path, const v1::Pool& pool, Node* node);
Status SetAttention(const std::string& path, const v1::Attention& attention, Node* node);

// Whether an attention's heads divide its width, which it has by now.
Status CheckAttentionHeads(const std::string& path, const Node& node);

// The layer a node gives the output of, as its config names it, for messages.
std::string LayerName(const Node& node);

// Finds out from `nodes`, where its inputs are, how many steps the node has; those of all its
// inputs must be the same.
Status SetSteps(const std::string& path, const std::vector<Node>& nodes, Node* node);

// Appends what a layer is made of: the node itself, or if it reads backward the nodes around it.
// The last one appended gives the layer's output.
Status AppendLayer(const std::string& path, const v1::Layer& layer, Node node,
                   std::vector<Node>* nodes);

// Sets `streamable`; in a streamable graph no node is pooled, since `last` is then each step's own.
void SetStreamable(Graph* graph);

// An error if the layer looks at steps behind its own, which a `task` of prediction must not.
Status CheckSeesNoFuture(const std::string& path, const v1::Layer& layer, const std::string& task);

}  // namespace sequent

#endif  // SEQUENT_CORE_MODEL_GRAPH_SEQUENCE_H_
