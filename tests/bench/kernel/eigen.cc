// Eigen: what one writes with it by hand, all rows and steps of the input half in one product.
//
// Compiled for the machine it is built on (Eigen does not choose at run time).
#include <Eigen/Core>
#include <memory>
#include <vector>

#include "tests/bench/kernel/contestant.h"

namespace sequent::bench {
namespace {

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using ConstMap = Eigen::Map<const Matrix>;

// A row-major [out, in] tensor, transposed and laid out for x W^T.
Matrix Transposed(const Tensor& tensor) {
  const auto rows = static_cast<Eigen::Index>(tensor.shape[0]);
  const auto columns = static_cast<Eigen::Index>(tensor.shape[1]);
  return ConstMap(tensor.values.data(), rows, columns).transpose();
}

Eigen::RowVectorXf Row(const Tensor& tensor) {
  return Eigen::Map<const Eigen::RowVectorXf>(tensor.values.data(),
                                              static_cast<Eigen::Index>(tensor.values.size()));
}

class EigenCell : public Contestant {
 public:
  EigenCell(const Shape& shape, const TensorMap& weights)
      : units_(static_cast<Eigen::Index>(shape.units)),
        rows_(static_cast<Eigen::Index>(shape.rows)),
        steps_(static_cast<Eigen::Index>(shape.steps)),
        w_(Transposed(weights.at("cell.weight_input"))),
        u_(Transposed(weights.at("cell.weight_state"))) {
    const AlignedVector<float> inputs = MakeInputs(shape);
    x_ = ConstMap(inputs.data(), rows_ * steps_, units_);
    gates_.resize(rows_ * steps_, w_.cols());
    outputs_.resize(rows_ * steps_, units_);
    h_ = Matrix::Zero(rows_, units_);
  }

  void Run() override {
    gates_.noalias() = x_ * w_;
    gates_.rowwise() += bias_;
    for (Eigen::Index t = 0; t < steps_; ++t) {
      Step(gates_.middleRows(t * rows_, rows_));
      outputs_.middleRows(t * rows_, rows_) = h_;
    }
  }

  std::vector<float> FirstOutputs() override {
    Clear();
    Run();
    return {outputs_.data(), outputs_.data() + outputs_.size()};
  }

 protected:
  virtual void Clear() { h_.setZero(); }
  // Advances h_ by one step; `gates` holds the input half.
  virtual void Step(Eigen::Ref<Matrix> gates) = 0;

  const Eigen::Index units_, rows_, steps_;
  Matrix w_, u_, x_, gates_, outputs_, h_;
  Eigen::RowVectorXf bias_;  // of the input half
};

class EigenLstm final : public EigenCell {
 public:
  EigenLstm(const Shape& shape, const TensorMap& weights) : EigenCell(shape, weights) {
    bias_ = Row(weights.at("cell.bias"));
    c_ = Matrix::Zero(rows_, units_);
  }

 private:
  void Clear() override {
    EigenCell::Clear();
    c_.setZero();
  }
  void Step(Eigen::Ref<Matrix> gates) override {
    gates.noalias() += h_ * u_;
    const auto gate = [&](Eigen::Index g) { return gates.middleCols(g * units_, units_).array(); };
    c_.array() = gate(1).logistic() * c_.array() + gate(0).logistic() * gate(2).tanh();
    h_.array() = gate(3).logistic() * c_.array().tanh();
  }

  Matrix c_;
};

class EigenGru final : public EigenCell {
 public:
  EigenGru(const Shape& shape, const TensorMap& weights) : EigenCell(shape, weights) {
    bias_ = Row(weights.at("cell.bias_input"));
    bias_state_ = Row(weights.at("cell.bias_state"));
    state_half_.resize(rows_, 3 * units_);
    z_.resize(rows_, units_);
    n_.resize(rows_, units_);
  }

 private:
  void Step(Eigen::Ref<Matrix> gates) override {
    state_half_.noalias() = h_ * u_;
    state_half_.rowwise() += bias_state_;
    const auto input = [&](Eigen::Index g) { return gates.middleCols(g * units_, units_).array(); };
    const auto state = [&](Eigen::Index g) {
      return state_half_.middleCols(g * units_, units_).array();
    };
    z_.array() = (input(1) + state(1)).logistic();
    n_.array() = (input(2) + (input(0) + state(0)).logistic() * state(2)).tanh();
    h_.array() = n_.array() + z_.array() * (h_.array() - n_.array());
  }

  Eigen::RowVectorXf bias_state_;
  Matrix state_half_, z_, n_;
};

}  // namespace

std::unique_ptr<Contestant> MakeEigen(const Shape& shape, const TensorMap& weights) {
  if (shape.cell == Cell::kLstm) return std::make_unique<EigenLstm>(shape, weights);
  return std::make_unique<EigenGru>(shape, weights);
}

}  // namespace sequent::bench
