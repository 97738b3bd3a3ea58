#include "net/curl.h"

#include <dirent.h>
#include <dlfcn.h>

#include <algorithm>
#include <mutex>
#include <string_view>

#include <fmt/format.h>

#include "base/symbols.h"

namespace gopouch::net {

namespace {

using base::find_symbol;

bool find_all(void* library, Curl& curl) {
  return find_symbol(library, "curl_global_init", curl.global_init) &&
         find_symbol(library, "curl_easy_init", curl.easy_init) &&
         find_symbol(library, "curl_easy_cleanup", curl.easy_cleanup) &&
         find_symbol(library, "curl_easy_setopt", curl.easy_setopt) &&
         find_symbol(library, "curl_easy_getinfo", curl.easy_getinfo) &&
         find_symbol(library, "curl_easy_pause", curl.easy_pause) &&
         find_symbol(library, "curl_easy_strerror", curl.easy_strerror) &&
         find_symbol(library, "curl_multi_init", curl.multi_init) &&
         find_symbol(library, "curl_multi_cleanup", curl.multi_cleanup) &&
         find_symbol(library, "curl_multi_setopt", curl.multi_setopt) &&
         find_symbol(library, "curl_multi_add_handle", curl.multi_add_handle) &&
         find_symbol(library, "curl_multi_remove_handle", curl.multi_remove_handle) &&
         find_symbol(library, "curl_multi_perform", curl.multi_perform) &&
         find_symbol(library, "curl_multi_poll", curl.multi_poll) &&
         find_symbol(library, "curl_multi_wakeup", curl.multi_wakeup) &&
         find_symbol(library, "curl_multi_info_read", curl.multi_info_read);
}

}  // namespace

base::Result<Curl> load_curl(const char* library) {
  static std::mutex mutex;  // curl_global_init is not for two threads at once
  const std::lock_guard lock(mutex);
  void* const loaded = ::dlopen(library, RTLD_NOW | RTLD_LOCAL);
  if (loaded == nullptr) {
    return base::Error{base::Fault::kUnavailable, "libcurl is not installed (package libcurl4)"};
  }
  Curl curl;
  if (!find_all(loaded, curl)) {
    ::dlclose(loaded);
    return base::Error{base::Fault::kUnavailable,
                       "libcurl is too old (package libcurl4, 7.68 or later)"};
  }
  if (const CURLcode code = curl.global_init(CURL_GLOBAL_DEFAULT); code != CURLE_OK) {
    return base::Error{base::Fault::kUnavailable,
                       fmt::format("libcurl: {}", curl.easy_strerror(code))};
  }
  return curl;
}

const char* hashed_certificates(const char* folder) {
  DIR* const dir = ::opendir(folder);
  if (dir == nullptr) return "";
  bool hashed = false;
  while (const dirent* const entry = ::readdir(dir)) {  // NOLINT(concurrency-mt-unsafe)
    const std::string_view name = static_cast<const char*>(entry->d_name);
    hashed = name.size() == 10 && name.ends_with(".0") &&
             name.find_first_not_of("0123456789abcdef") == 8;
    if (hashed) break;
  }
  ::closedir(dir);
  return hashed ? folder : "";
}

}  // namespace gopouch::net
