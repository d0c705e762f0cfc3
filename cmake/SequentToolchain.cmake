# Language level, warnings, sanitizers, compiler cache: what every target shares.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

find_program(SEQUENT_CCACHE ccache)
if(SEQUENT_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER "${SEQUENT_CCACHE}")
  set(CMAKE_CXX_COMPILER_LAUNCHER "${SEQUENT_CCACHE}")
endif()

# -ffp-contract=off: a sum is the same sum on every compiler and target; kernels fuse explicitly.
add_compile_options(-Wall -Wextra -Werror=return-type -ffp-contract=off -fno-math-errno)
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  add_compile_options(-Wthread-safety -Werror=thread-safety)
  # From 18 on clang mangles constrained templates (absl::Cord's constructor from a string) as newer
  # GCCs do; Debian 12's libraries come from an older one.
  add_compile_options(-fclang-abi-compat=17)
endif()

if(SEQUENT_SANITIZE)
  add_compile_options(-fsanitize=${SEQUENT_SANITIZE} -fno-omit-frame-pointer
                      -fno-sanitize-recover=all)
  if(SEQUENT_SANITIZE MATCHES "thread")
    # Protobuf's map fields have a member more where this is set: another layout than Debian's library has.
    add_compile_options(-U__SANITIZE_THREAD__)
  endif()
  add_link_options(-fsanitize=${SEQUENT_SANITIZE})
endif()

if(NOT SEQUENT_REVISION)
  execute_process(COMMAND git -C "${CMAKE_CURRENT_SOURCE_DIR}" rev-parse --short=12 HEAD
                  OUTPUT_VARIABLE SEQUENT_REVISION OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(NOT SEQUENT_REVISION)
    set(SEQUENT_REVISION unknown)
  endif()
endif()
