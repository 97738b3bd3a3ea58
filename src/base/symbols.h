// Functions of a library that is loaded when it is first needed (dlopen).
#pragma once

#include <dlfcn.h>

namespace gopouch::base {

// Looks `name` up in a library that dlopen() gave. False: it has no such function.
template <typename Function>
bool find_symbol(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(library, name));
  return function != nullptr;
}

}  // namespace gopouch::base
