# gopouch_module(NAME DEPENDENCY...): the library gopouch_NAME from src/NAME, and its tests from test/NAME.
# A dependency that is a module's name means that module. New files need no edit here.
include(GoogleTest)

# Sanitizers' builds compile several files of tests as one, without optimization: it is the program that they watch.
# These have a name that a neighbour has, too, and are compiled alone.
set(apart
  test/base/hash_test.cc
  test/object/s3_dialect_test.cc
  test/object/s3_open_test.cc
  test/pack/plan_test.cc
  test/pack/recipe_test.cc
  test/protocol/message_test.cc
  test/proxy/upstream_test.cc
  test/revproxy/caching_test.cc
)
list(TRANSFORM apart PREPEND "${PROJECT_SOURCE_DIR}/")
set_source_files_properties(${apart} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)

function(gopouch_module name)
  file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/${name}/*.cc")
  list(FILTER sources EXCLUDE REGEX "/main\\.cc$")
  set(dependencies "")
  foreach(dependency IN LISTS ARGN)
    if(TARGET gopouch_${dependency})
      set(dependency gopouch_${dependency})
    endif()
    list(APPEND dependencies ${dependency})
  endforeach()

  add_library(gopouch_${name} STATIC ${sources})
  target_link_libraries(gopouch_${name} PUBLIC ${dependencies} PRIVATE gopouch_settings gopouch_warnings)

  file(GLOB tests CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/test/${name}/*_test.cc")
  if(tests)
    add_executable(${name}_test ${tests})
    target_compile_definitions(${name}_test PRIVATE GOPOUCH_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    target_link_libraries(${name}_test PRIVATE gopouch_${name} gopouch_settings GTest::gtest_main)
    if(GOPOUCH_SANITIZE)
      target_compile_definitions(${name}_test PRIVATE GOPOUCH_SANITIZE)
      target_compile_options(${name}_test PRIVATE -O0)
      set_target_properties(${name}_test PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 6)
    else()
      target_link_libraries(${name}_test PRIVATE gopouch_warnings)
    endif()
    gtest_discover_tests(${name}_test TEST_PREFIX "${name}." DISCOVERY_TIMEOUT 60)
  endif()
endfunction()
