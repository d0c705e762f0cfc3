# Every outside library, found once. Why each is here: docs/dependencies.md.

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(Protobuf MODULE REQUIRED)  # module mode: Debian's package has no CMake config
find_package(absl REQUIRED)
find_package(Eigen3 3.4 REQUIRED NO_MODULE)
find_package(OpenSSL REQUIRED)
find_package(Boost REQUIRED)  # headers only: Boost.CRC
find_package(nlohmann_json REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(CLI11 REQUIRED)
find_package(spdlog REQUIRED)
pkg_check_modules(HWY REQUIRED IMPORTED_TARGET libhwy)
find_package(prometheus-cpp CONFIG REQUIRED)
pkg_check_modules(SENTENCEPIECE QUIET IMPORTED_TARGET sentencepiece)  # pieces are learned where it is found
find_package(MPI QUIET COMPONENTS C)  # training on several ranks is built where it is found
find_library(DLIB_LIBRARY dlib)  # optional: the method `global` of core/search
if(SEQUENT_GRPC)
  find_package(gRPC CONFIG REQUIRED)
  find_library(CIVETWEB_CPP_LIBRARY civetweb-cpp REQUIRED)
  find_library(CIVETWEB_LIBRARY civetweb REQUIRED)
endif()
if(SEQUENT_TESTS)
  find_package(GTest REQUIRED)
  # The measuring programs of tests/bench are built where these are found.
  find_package(benchmark CONFIG QUIET)
  find_library(DNNL_LIBRARY dnnl)  # its CMake configuration in Debian insists on OpenCL
  find_package(OpenMP QUIET)
endif()
