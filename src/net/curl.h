// libcurl as a table of functions, loaded when it is first needed.
//
// The only file that includes curl/curl.h, and private to this folder. Linked in, libcurl and the
// 33 shared objects behind it would cost every go command 3.4 ms; loaded here, it costs a session
// without a remote nothing.
#pragma once

#include <curl/curl.h>

#include <memory>
#include <type_traits>

#include "base/result.h"

namespace gopouch::net {

// Of libcurl 7.68 or later (curl_multi_poll, curl_multi_wakeup).
struct Curl {
  decltype(&curl_global_init) global_init = nullptr;
  decltype(&curl_easy_init) easy_init = nullptr;
  decltype(&curl_easy_cleanup) easy_cleanup = nullptr;
  decltype(&curl_easy_setopt) easy_setopt = nullptr;
  decltype(&curl_easy_getinfo) easy_getinfo = nullptr;
  decltype(&curl_easy_pause) easy_pause = nullptr;
  decltype(&curl_easy_strerror) easy_strerror = nullptr;
  decltype(&curl_multi_init) multi_init = nullptr;
  decltype(&curl_multi_cleanup) multi_cleanup = nullptr;
  decltype(&curl_multi_setopt) multi_setopt = nullptr;
  decltype(&curl_multi_add_handle) multi_add_handle = nullptr;
  decltype(&curl_multi_remove_handle) multi_remove_handle = nullptr;
  decltype(&curl_multi_perform) multi_perform = nullptr;
  decltype(&curl_multi_poll) multi_poll = nullptr;
  decltype(&curl_multi_wakeup) multi_wakeup = nullptr;
  decltype(&curl_multi_info_read) multi_info_read = nullptr;

  // An option that an older libcurl does not know is left out: each of ours is a refinement.
  template <typename T>
  void set(CURL* easy, CURLoption option, T value) const {
    static_assert(!std::is_integral_v<T> || std::is_same_v<T, long>, "curl wants a long");
    easy_setopt(easy, option, value);
  }
};

inline constexpr const char* kCurlLibrary = "libcurl.so.4";

// Loads `library` and initialises it; it stays loaded until the process ends. kUnavailable: there
// is none, or it is too old.
base::Result<Curl> load_curl(const char* library);

// A folder of CA certificates under their hashes, which OpenSSL reads one by one as it needs them;
// empty where this machine has none. Reading the bundle instead, as libcurl does by default, costs
// each new connection 15 ms.
const char* hashed_certificates(const char* folder);

}  // namespace gopouch::net
