// What SeriesCodec::Fit does, apart from the codec that later uses it.
#ifndef SEQUENT_CORE_CODEC_SERIES_FIT_H_
#define SEQUENT_CORE_CODEC_SERIES_FIT_H_

#include <span>

#include "core/base/status.h"
#include "core/codec/series_codec.h"
#include "sequent/v1/model.pb.h"

namespace sequent {

// See SeriesCodec::Fit. Pure but for `input`.
Status FitSeries(std::span<const SeriesRows> series, v1::FeatureInput* input);

}  // namespace sequent

#endif  // SEQUENT_CORE_CODEC_SERIES_FIT_H_
