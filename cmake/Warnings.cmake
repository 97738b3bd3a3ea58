# Our code compiles without a warning; what we include from others is not our business.
add_library(gopouch_warnings INTERFACE)
target_compile_options(gopouch_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
                       -Wnon-virtual-dtor -Werror)
