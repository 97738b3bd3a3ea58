// All files below a folder, as keys.
#pragma once

#include <sys/stat.h>

#include <functional>
#include <string_view>

#include "object/object.h"

namespace gopouch::object {

// Calls `on_file` for each plain file below the folder `fd` whose path there begins with `start`
// and whose key, which is that path behind `path`, is one. False ends the walk, and so does an
// error. What vanishes meanwhile is passed over; `on_file` may remove what it is told of.
using OnFile = std::function<base::Result<bool>(Key key, const struct stat& info)>;
base::Result<bool> walk(int fd, std::string_view path, std::string_view start,
                        const OnFile& on_file);

}  // namespace gopouch::object
