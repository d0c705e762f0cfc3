// One layer of a configuration made a Node; a part of ResolveGraph.
#ifndef SEQUENT_CORE_MODEL_GRAPH_LAYERS_H_
#define SEQUENT_CORE_MODEL_GRAPH_LAYERS_H_

#include <string>
#include <vector>

#include "core/model/graph.h"

namespace sequent {

// `nodes` holds everything `inputs` refers to; `path` is "layers[2]". Checks the kind's own fields,
// the number and kinds of its inputs, and the width that results. Errors: as ResolveGraph. Pure.
StatusOr<Node> MakeLayerNode(const std::string& path, const v1::Layer& layer,
                             std::vector<size_t> inputs, const std::vector<Node>& nodes);

}  // namespace sequent

#endif  // SEQUENT_CORE_MODEL_GRAPH_LAYERS_H_
