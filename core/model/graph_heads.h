// Heads and feedback of a configuration made explicit; a part of ResolveGraph.
#ifndef SEQUENT_CORE_MODEL_GRAPH_HEADS_H_
#define SEQUENT_CORE_MODEL_GRAPH_HEADS_H_

#include <string>

#include "core/model/graph.h"

namespace sequent {

// `graph` has its nodes; `input` is the index of the node the head reads; `path` is "heads[0]".
// Errors: as ResolveGraph. Pure.
StatusOr<HeadNode> MakeHead(const std::string& path, const v1::ModelConfig& config, int head,
                            size_t input, const Graph& graph);

// `graph` has its heads. Pure.
StatusOr<FeedbackNode> MakeFeedback(const v1::ModelConfig& config, const Graph& graph);

}  // namespace sequent

#endif  // SEQUENT_CORE_MODEL_GRAPH_HEADS_H_
