# gopouch_module(NAME DEPENDENCY...): the library gopouch_NAME from src/NAME, and its tests from test/NAME.
# A dependency that is a module's name means that module. New files need no edit here.
include(GoogleTest)

# Sanitizers' builds (but not the fuzzers') compile several files as one, in half the time. These have names of their own that a neighbour
# has, too, and are compiled alone; the other builds compile each file alone, with all warnings.
set(apart
  src/auth/google_aws.cc
  src/auth/google_chain.cc
  src/auth/google_credentials.cc
  src/auth/imds.cc
  src/crypto/public_key.cc
  src/crypto/session.cc
  src/object/gcs_upload.cc
  src/object/http.cc
  src/remote/check.cc
  src/remote/encoder.cc
  src/remote/entry_sink.cc
  src/remote/layout_gobuildcache.cc
  src/remote/layout_gocacheprog.cc
  src/revproxy/fetcher.cc
  src/revproxy/fields.cc
  src/revproxy/reverse.cc
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
  if(GOPOUCH_UNITY)
    set_target_properties(gopouch_${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 6)
  endif()

  file(GLOB tests CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/test/${name}/*_test.cc")
  if(tests)
    add_executable(${name}_test ${tests})
    target_compile_definitions(${name}_test PRIVATE GOPOUCH_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    target_link_libraries(${name}_test PRIVATE gopouch_${name} gopouch_settings gopouch_warnings GTest::gtest_main)
    if(GOPOUCH_UNITY)
      target_compile_options(${name}_test PRIVATE -O0)  # what is tested is not in there
      set_target_properties(${name}_test PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 6)
    endif()
    gtest_discover_tests(${name}_test TEST_PREFIX "${name}." DISCOVERY_TIMEOUT 60)
  endif()
endfunction()
