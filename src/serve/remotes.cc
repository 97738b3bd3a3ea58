#include "serve/remotes.h"

#include "base/log.h"

namespace gopouch::serve {

namespace {

constexpr std::chrono::seconds kStall{5};  // without progress: enough

}  // namespace

std::shared_ptr<Remotes::Table> Remotes::join(const std::optional<protocol::Greeting>& scope) {
  const base::Hash name = scope ? scope->exact : base::Hash{};
  auto tables = tables_.lock();
  std::shared_ptr<Table>& table = (*tables)[name];
  if (!table || table->since + options_.sharing_time < Clock::now()) {
    remote::Options sharing = options_.sharing;
    if (scope) {
      sharing.packs.scope = [names = std::pair(scope->exact, scope->module)] { return names; };
    }
    table = std::make_shared<Table>(*this, sharing);
  }
  ++table->seats;
  return table;
}

remote::Counts Remotes::counts() const {
  auto sums = sums_.lock();
  remote::Counts all = sums->ended;
  for (const Table* const table : sums->tables) all += table->remote.counts();
  return all;
}

bool Remotes::leave(const std::shared_ptr<Table>& table) {
  auto tables = tables_.lock();
  if (--table->seats > 0) return false;
  std::erase_if(*tables, [&](const auto& one) { return one.second == table; });
  return true;
}

Remotes::Seat::Seat(Remotes& remotes, const std::optional<protocol::Greeting>& scope)
    : remotes_(remotes), table_(remotes.join(scope)) {}

Remotes::Seat::~Seat() {
  if (!ended_) remotes_.leave(table_);
}

void Remotes::Seat::end() {
  ended_ = true;
  last_ = remotes_.leave(table_);
  if (last_) table_->remote.close();
  flush(remotes_.options_.close_wait, remotes_.options_.close_flush);
}

void Remotes::Seat::finish() {
  if (!last_) return;
  flush(remotes_.options_.flush_timeout, remote::Remote::Flush::kAll);
  if (const auto lost = table_->remote.give_up(); lost > 0) {
    base::log(base::LogLevel::kWarning, "gave up {} uploads", lost);
  }
}

void Remotes::Seat::flush(std::chrono::milliseconds time, remote::Remote::Flush what) {
  const auto until = Clock::now() + time;
  Table& table = *table_;
  {
    auto flushing = table.flushing.lock();
    if (!flushing.wait_until(table.flushed, until, [](bool somebody) { return !somebody; })) return;
    *flushing = true;
  }
  table.remote.flush(until, kStall, what);
  *table.flushing.lock() = false;
  table.flushed.notify_one();
}

}  // namespace gopouch::serve
