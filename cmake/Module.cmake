# gopouch_module(NAME DEPENDENCY...): the library gopouch_NAME from src/NAME, and its tests from test/NAME.
# A dependency that is a module's name means that module. New files need no edit here.
include(GoogleTest)

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
    target_link_libraries(${name}_test PRIVATE gopouch_${name} gopouch_settings gopouch_warnings GTest::gtest_main)
    if(GOPOUCH_SANITIZE)
      target_compile_options(${name}_test PRIVATE -O0)  # half the time to compile; what is tested is not in there
    endif()
    gtest_discover_tests(${name}_test TEST_PREFIX "${name}." DISCOVERY_TIMEOUT 60)
  endif()
endfunction()
