# Our code compiles without a warning; what we include from others is not our business. Sanitizers' builds, which
# compile several files as one, leave that to the others.
add_library(gopouch_warnings INTERFACE)
if(NOT GOPOUCH_UNITY)
  target_compile_options(gopouch_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
                         -Wnon-virtual-dtor -Werror)
endif()
