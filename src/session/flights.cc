#include "session/flights.h"

namespace gopouch::session {

Flights::Flight::Flight(Flights& flights, const store::ActionId& action, const base::Call& call)
    : flights_(flights), action_(action) {
  const std::stop_callback on_stop(call.stop, [&flights] {
    { auto wait_for_whoever_looks = flights.actions_.lock(); }
    flights.landed_.notify_all();
  });
  auto actions = flights.actions_.lock();
  first_ = actions->insert(action.hash).second;
  if (first_) return;
  // When it has ended without a hit, all that waited ask at once and not in turn.
  actions.wait_until(flights.landed_, call.deadline, [&](const std::set<base::Hash>& now) {
    return !now.contains(action.hash) || call.stop.stop_requested();
  });
}

Flights::Flight::~Flight() {
  if (!first_) return;
  flights_.actions_.lock()->erase(action_.hash);
  flights_.landed_.notify_all();
}

}  // namespace gopouch::session
