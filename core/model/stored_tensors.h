// Tensors between memory and the data section of a model file.
//
// Dtypes: F32 | BF16 | I8, a matrix of whole numbers of -127 .. 127 whose row r stands for q *
// scale[r]; the scales are a tensor of their own, "<name>_scale" [rows], F32, each 0 (then so is
// the row) or a normal number. Assets, "asset.<name>", are U8 (assets.h).
//
// Thread safety: pure functions.
#ifndef SEQUENT_CORE_MODEL_STORED_TENSORS_H_
#define SEQUENT_CORE_MODEL_STORED_TENSORS_H_

#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/model/assets.h"
#include "core/model/safetensors.h"
#include "core/model/tensor.h"

namespace sequent {

// "F32", "BF16", "I8". Static storage.
const char* DtypeName(Precision stored);

// Every tensor of the file but its assets; scales become part of theirs. The error names the
// tensor.
StatusOr<TensorMap> DecodeTensors(const Safetensors& file);

struct EncodedTensors {
  std::vector<StoredTensor> layout;
  std::string data;
};

// Laid out without holes: wide types first, so that each stands aligned, then by name. The values
// must be what `stored` promises (CheckRounded).
EncodedTensors EncodeTensors(const TensorMap& tensors, const AssetMap& assets = {});

}  // namespace sequent

#endif  // SEQUENT_CORE_MODEL_STORED_TENSORS_H_
