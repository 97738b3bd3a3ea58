// The one place where a store is dressed. Rules: decorators.h.
#include "object/decorators.h"

namespace gopouch::object {

std::unique_ptr<Store> stack(std::unique_ptr<Store> backend, const std::string& name,
                             const Features& features, const Options& options, Gauges& gauges) {
  std::unique_ptr<Store> store = std::move(backend);

  // Innermost, so that all others meet the faults that it makes.
  if (options.error_rate > 0) {
    store = fail_at_random(std::move(store), options.error_rate, std::random_device{}());
  }

  // Inside the breaker: a call counts as a fault when its retries are used up, and an open breaker
  // ends the retries of the calls that are under way.
  const auto dice = std::make_shared<Dice>(std::random_device{}());  // held by retry alone
  store = retry(std::move(store),
                {.attempts = options.attempts,
                 .first_pause = options.first_pause,
                 .random = [dice] { return dice->roll(); }},
                gauges);

  store = break_circuit(
      std::move(store),
      {.name = name, .faults = options.breaker_faults, .pause = options.breaker_pause}, gauges);

  // Counts what was asked for and what came of it, also where the breaker answered; but not the
  // writes that nobody tried.
  store = meter(std::move(store), gauges);
  store = guard_writes(std::move(store), name, gauges);

  // Outermost: what is no key goes nowhere.
  return check_keys(std::move(store), features.metadata);
}

}  // namespace gopouch::object
