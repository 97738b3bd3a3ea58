// The page at /, and what it lives on: /status.json and /events.
//
// The page is dashboard.html, one file that asks nobody else for anything; it stands in the
// program. /events sends what /status.json says every other second (server-sent events, in the HTML
// standard). Each watcher holds a thread of the HTTP server, so there are a few of them at a time,
// and each is sent away after a while, to come again; who gets no place asks for /status.json
// instead.
#pragma once

#include <condition_variable>
#include <functional>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "http/http.h"

namespace gopouch::serve {

// Safe for concurrent use.
class Dashboard {
 public:
  // `status` gives a line of JSON.
  explicit Dashboard(std::function<std::string()> status);

  std::vector<http::Route> routes();

  // Sends the watchers away.
  void stop();

 private:
  struct State {
    std::size_t watchers = 0;
    bool stopped = false;
  };

  void page(http::Exchange& exchange) const;
  void events(http::Exchange& exchange);
  void send_events(http::Exchange& exchange);

  const std::function<std::string()> status_;
  const std::string policy_;  // the page's Content-Security-Policy
  base::Guarded<State> state_;
  std::condition_variable stopped_;
};

}  // namespace gopouch::serve
