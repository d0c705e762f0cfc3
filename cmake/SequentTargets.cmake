# Six ways to make a target; nothing else in the tree calls add_library or add_executable.

include(CMakeParseArguments)

# sequent_library(name SRCS ... DEPS public... PRIVATE_DEPS ...): a static library, also sequent::name.
function(sequent_library name)
  cmake_parse_arguments(ARG "" "" "SRCS;DEPS;PRIVATE_DEPS" ${ARGN})
  add_library(sequent_${name} STATIC ${ARG_SRCS})
  add_library(sequent::${name} ALIAS sequent_${name})
  target_include_directories(sequent_${name} PUBLIC "${PROJECT_SOURCE_DIR}")
  target_link_libraries(sequent_${name} PUBLIC ${ARG_DEPS} PRIVATE ${ARG_PRIVATE_DEPS})
endfunction()

# sequent_program(name SRCS ... DEPS ...): an executable of that very name, installed to bin/.
function(sequent_program name)
  cmake_parse_arguments(ARG "" "" "SRCS;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SRCS})
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}")
  target_link_libraries(${name} PRIVATE ${ARG_DEPS})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
  install(TARGETS ${name} RUNTIME DESTINATION bin)
endfunction()

# sequent_module(name SRCS ... DEPS ...): name.so, loaded by a program at run time; lib/sequent/.
function(sequent_module name)
  cmake_parse_arguments(ARG "" "" "SRCS;DEPS" ${ARGN})
  add_library(${name} MODULE ${ARG_SRCS})
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}")
  target_link_libraries(${name} PRIVATE ${ARG_DEPS})
  set_target_properties(${name} PROPERTIES PREFIX ""
    LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lib/sequent")
  install(TARGETS ${name} LIBRARY DESTINATION lib/sequent)
endfunction()

# sequent_helper(name SRCS ... DEPS ...): an executable that a program starts; lib/sequent/.
function(sequent_helper name)
  cmake_parse_arguments(ARG "" "" "SRCS;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SRCS})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lib/sequent")
  install(TARGETS ${name} RUNTIME DESTINATION lib/sequent)
endfunction()

# sequent_test(name SRCS ... DEPS ... [LABELS ...] [TIMEOUT s]): one GoogleTest program = one ctest entry.
# Tests run in the source root, so they find tests/golden and examples/data by relative path.
function(sequent_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SRCS;DEPS;LABELS" ${ARGN})
  add_executable(${name} ${ARG_SRCS})
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}")
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} GTest::gmock GTest::gtest GTest::gtest_main)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}")
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT}
    ENVIRONMENT "SEQUENT_BINARY_DIR=${PROJECT_BINARY_DIR}")
endfunction()

# sequent_fuzzer(name SRCS ... DEPS ...): a libFuzzer program; its objects and libraries are built with
# fuzzer-no-link in SEQUENT_SANITIZE.
function(sequent_fuzzer name)
  cmake_parse_arguments(ARG "" "" "SRCS;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SRCS})
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}")
  target_link_libraries(${name} PRIVATE ${ARG_DEPS})
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/fuzz")
endfunction()

# sequent_bench(name SRCS ... DEPS ...): a measurement, run by hand; bench/<name>, never installed.
function(sequent_bench name)
  cmake_parse_arguments(ARG "" "" "SRCS;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SRCS})
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}")
  target_link_libraries(${name} PRIVATE ${ARG_DEPS})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bench")
endfunction()
