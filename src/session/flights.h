// Fetches that are on their way, of all sessions of a process: whoever comes second waits for the
// first, and finds in the local store what that one has brought.
#pragma once

#include <condition_variable>
#include <set>

#include "base/call.h"
#include "base/guarded.h"
#include "store/store.h"

namespace gopouch::session {

// Safe for concurrent use.
class Flights {
 public:
  // A fetch of one action, for as long as this lives. The first one begins at once; others begin
  // when that has ended, or when their call is over.
  class Flight {
   public:
    Flight(Flights& flights, const store::ActionId& action, const base::Call& call);
    ~Flight();
    Flight(const Flight&) = delete;
    Flight& operator=(const Flight&) = delete;

    bool first() const { return first_; }

   private:
    Flights& flights_;
    const store::ActionId action_;
    bool first_ = true;
  };

 private:
  base::Guarded<std::set<base::Hash>> actions_;
  std::condition_variable landed_;
};

}  // namespace gopouch::session
