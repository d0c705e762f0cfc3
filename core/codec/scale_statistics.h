// What a scale learns from values: of the training part when fitting, of the last values when it
// goes with a window.
//
// Thread safety: pure functions.
#ifndef SEQUENT_CORE_CODEC_SCALE_STATISTICS_H_
#define SEQUENT_CORE_CODEC_SCALE_STATISTICS_H_

#include <span>

#include "sequent/v1/model.pb.h"

namespace sequent {

struct OffsetAndFactor {
  double offset = 0, factor = 1;
};

// See Scale.Kind in model.proto. At least one value, all finite; a factor of 0 says that they do
// not vary (ROBUST: that half of them do not). Quartiles are interpolated. Reorders `values`.
OffsetAndFactor ScaleOf(v1::Scale::Kind kind, std::span<float> values);

}  // namespace sequent

#endif  // SEQUENT_CORE_CODEC_SCALE_STATISTICS_H_
