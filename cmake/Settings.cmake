# How everything of ours is compiled and linked: C++20, hardened, with libstdc++ and libcrypto inside the
# program, since each shared object costs every `go` command a part of a millisecond at start-up.
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
# What the sanitizers' presets use: half the time to compile, and stacks with lines.
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O1 -g1")
set(OPENSSL_USE_STATIC_LIBS TRUE)

set(GOPOUCH_SANITIZE "" CACHE STRING "Sanitizers for everything of ours: address,undefined or thread")
option(GOPOUCH_FUZZ "Build the fuzzers (needs clang)" OFF)

include(CheckPIESupported)
check_pie_supported()

add_library(gopouch_settings INTERFACE)
target_compile_features(gopouch_settings INTERFACE cxx_std_20)
target_include_directories(gopouch_settings INTERFACE "${PROJECT_SOURCE_DIR}/src" "${PROJECT_SOURCE_DIR}")
target_compile_definitions(gopouch_settings INTERFACE GOPOUCH_VERSION="${PROJECT_VERSION}"
                           _FILE_OFFSET_BITS=64)
target_compile_options(gopouch_settings INTERFACE -fstack-protector-strong)
target_link_options(gopouch_settings INTERFACE -Wl,-z,relro,-z,now)
if(GOPOUCH_SANITIZE)
  target_compile_options(gopouch_settings INTERFACE -fsanitize=${GOPOUCH_SANITIZE} -fno-omit-frame-pointer
                         -fno-sanitize-recover=all
                         $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>  # false alarms beside sanitizers
                         $<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>)  # Asio's fences, which its locks stand behind
  target_link_options(gopouch_settings INTERFACE -fsanitize=${GOPOUCH_SANITIZE})
else()
  target_link_options(gopouch_settings INTERFACE -static-libstdc++ -static-libgcc)
endif()
if(GOPOUCH_FUZZ)
  # Clang 14 cannot assemble coroutines with checks of function types.
  target_compile_options(gopouch_settings INTERFACE -fsanitize=fuzzer-no-link -fno-sanitize=function)
endif()
