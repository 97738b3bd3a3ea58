# A file as a std::string_view in the program. Run as a script:
#   cmake -D FILE=page.html -D NAME=gopouch::serve::kPage -D OUT=page.cc -P Embed.cmake
# gopouch_embed(MODULE FILE NAME) makes that part of the build of a module.
if(CMAKE_SCRIPT_MODE_FILE)
  file(READ "${FILE}" hex HEX)
  string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${hex}")
  string(REGEX MATCH "^(.*)::([^:]+)$" whole "${NAME}")
  file(WRITE "${OUT}" "// Made from ${FILE}.
#include <string_view>

namespace ${CMAKE_MATCH_1} {

extern const std::string_view ${CMAKE_MATCH_2};

namespace {
constexpr char kBytes[] = {
${bytes}
};
}

const std::string_view ${CMAKE_MATCH_2}(kBytes, sizeof kBytes);

}
")
  return()
endif()

function(gopouch_embed module file name)
  get_filename_component(base "${file}" NAME_WE)
  set(out "${CMAKE_CURRENT_BINARY_DIR}/embedded/${base}.cc")
  add_custom_command(OUTPUT "${out}" DEPENDS "${file}" "${PROJECT_SOURCE_DIR}/cmake/Embed.cmake"
    COMMAND "${CMAKE_COMMAND}" -D "FILE=${file}" -D "NAME=${name}" -D "OUT=${out}"
            -P "${PROJECT_SOURCE_DIR}/cmake/Embed.cmake" VERBATIM)
  target_sources(gopouch_${module} PRIVATE "${out}")
endfunction()
