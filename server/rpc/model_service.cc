#include <memory>
#include <string>

#include "core/model/assets.h"
#include "core/nn/model.h"
#include "sequent/v1/model_repository.grpc.pb.h"
#include "server/rpc/services.h"
#include "server/rpc/unary_call.h"

namespace sequent::rpc {
namespace {

using grpc::ByteBuffer;
using grpc::CallbackServerContext;
using Unary = grpc::ServerUnaryReactor;

using S = v1::ModelRepository;
using RawService = S::WithRawCallbackMethod_ListModels<S::WithRawCallbackMethod_GetModel<
    S::WithRawCallbackMethod_LoadModel<S::WithRawCallbackMethod_UnloadModel<S::Service>>>>;

v1::ModelState ToState(engine::ModelVersion::State state) {
  switch (state) {
    case engine::ModelVersion::State::kLoading:
      return v1::LOADING;
    case engine::ModelVersion::State::kReady:
      return v1::READY;
    case engine::ModelVersion::State::kRetiring:
      return v1::RETIRING;
    case engine::ModelVersion::State::kFailed:
      return v1::FAILED;
  }
  return v1::MODEL_STATE_UNSPECIFIED;
}

const char* KindName(HeadKind kind) {
  switch (kind) {
    case HeadKind::kSoftmax:
      return "softmax";
    case HeadKind::kPoint:
      return "point";
    case HeadKind::kGaussian:
      return "gaussian";
    case HeadKind::kBernoulli:
      return "bernoulli";
    case HeadKind::kStudentT:
      return "student_t";
    case HeadKind::kQuantiles:
      return "quantiles";
  }
  return "";
}

void FillInput(const Model& model, v1::InputInfo* info) {
  const v1::Input& input = model.config().inputs(0);
  if (input.has_tokens()) {
    info->set_kind(model.text_codec() != nullptr ? "text" : "tokens");
    info->set_width(static_cast<uint32_t>(model.graph().nodes[0].tokens));
    return;
  }
  info->set_kind("features");
  info->set_width(input.features().columns_size());
  for (const auto& column : input.features().columns()) info->add_names(column.name());
  info->set_time(model.series_codec()->uses_time());
  const auto& labels = model.series_codec()->labels();
  info->mutable_series()->Assign(labels.begin(), labels.end());
}

void FillHeadInfo(const HeadNode& head, const Model& model, v1::HeadInfo* info) {
  info->set_name(head.name);
  info->set_kind(KindName(head.kind));
  info->set_width(static_cast<uint32_t>(head.columns.empty() ? head.outputs : head.values()));
  info->set_horizon(static_cast<uint32_t>(head.horizon));
  for (const auto& label : head.labels) info->add_labels(label);
  if (!head.columns.empty()) {
    const auto& columns = model.config().inputs(0).features().columns();
    for (const size_t column : head.columns) {
      info->add_labels(columns[static_cast<int>(column)].name());
    }
  }
}

void FillModel(const Edge& edge, const engine::ModelVersion& version, v1::ModelInfo* info) {
  info->set_name(version.name);
  info->set_version(version.version);
  info->set_state(ToState(version.state));
  info->set_message(SafeMessage(version.message));
  info->set_is_default(version.is_default);
  if (version.model == nullptr) return;
  const Model& model = *version.model;
  info->set_task(model.config().task());
  info->set_streamable(model.graph().streamable);
  FillInput(model, info->mutable_input());
  for (const auto& head : model.graph().heads) FillHeadInfo(head, model, info->add_heads());
  info->set_parameters(model.parameters());
  info->set_state_bytes(model.state_size());
  info->set_fingerprint(model.fingerprint());
  info->set_precision(PrecisionName(model.precision()));
  info->set_sessions(edge.engine->SessionsOf(version.name, version.version));
}

template <typename Call>
void RunListModels(Call* call) {
  for (const auto& version : call->edge()->registry->List()) {
    FillModel(*call->edge(), *version, call->response()->add_models());
  }
  call->Reply(absl::OkStatus());
}

// Unlike Resolve, also finds versions that failed to load, so that one can ask why.
StatusOr<std::shared_ptr<const engine::ModelVersion>> FindVersion(
    const engine::ModelRegistry& registry, const std::string& name, int64_t number) {
  if (number != 0) {
    for (auto& version : registry.List()) {
      if (version->name == name && version->version == number) return version;
    }
  }
  return registry.Resolve(name, number);
}

template <typename Call>
void RunGetModel(Call* call) {
  const auto version =
      FindVersion(*call->edge()->registry, call->request().name(), call->request().version());
  if (version.ok()) {
    FillModel(*call->edge(), **version, call->response()->mutable_model());
    if ((*version)->model != nullptr) {
      *call->response()->mutable_config() = WithoutAssetData((*version)->model->config());
    }
  }
  call->Reply(version.status());
}

template <typename Call>
void RefuseLoading(Call* call) {
  call->Reply(absl::UnimplementedError(
      "this server loads the models of its --repository at start only; put the model there and "
      "restart it"));
}

class ModelService final : public RawService {
 public:
  explicit ModelService(Edge* edge) : edge_(edge) {}

  Unary* ListModels(CallbackServerContext* context, const ByteBuffer* in,
                    ByteBuffer* out) override {
    return StartUnaryCall<v1::ListModelsRequest, v1::ListModelsResponse>(
        edge_, "ListModels", context, in, out,
        [](auto* call) { call->edge()->executor->Post([call] { RunListModels(call); }); });
  }
  Unary* GetModel(CallbackServerContext* context, const ByteBuffer* in, ByteBuffer* out) override {
    return StartUnaryCall<v1::GetModelRequest, v1::GetModelResponse>(
        edge_, "GetModel", context, in, out,
        [](auto* call) { call->edge()->executor->Post([call] { RunGetModel(call); }); });
  }
  Unary* LoadModel(CallbackServerContext* context, const ByteBuffer* in, ByteBuffer* out) override {
    return StartUnaryCall<v1::LoadModelRequest, v1::LoadModelResponse>(
        edge_, "LoadModel", context, in, out, [](auto* call) { RefuseLoading(call); });
  }
  Unary* UnloadModel(CallbackServerContext* context, const ByteBuffer* in,
                     ByteBuffer* out) override {
    return StartUnaryCall<v1::UnloadModelRequest, v1::UnloadModelResponse>(
        edge_, "UnloadModel", context, in, out, [](auto* call) { RefuseLoading(call); });
  }

 private:
  Edge* const edge_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeModelService(Edge* edge) {
  return std::make_unique<ModelService>(edge);
}

}  // namespace sequent::rpc
