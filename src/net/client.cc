// The loop: one thread that drives libcurl for all callers.
//
// A caller prepares its transfers, posts them and sleeps before its mailbox. The loop takes what
// was posted, lets as many onto the network as the limits allow, and puts pieces and ends into the
// mailboxes; sinks and replies run on the caller's thread, so nothing of ours holds up the loop.
//
// The limits of connections are kept here, not by libcurl: it would go through all that wait
// whenever one connection becomes free.
#include <pthread.h>

#include <algorithm>
#include <csignal>
#include <deque>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "base/guarded.h"
#include "net/handle.h"

namespace gopouch::net {

namespace {

using base::Error;
using base::Fault;
using Clock = base::Call::Clock;
using Time = Clock::time_point;

// How often the clocks of what is under way are looked at.
constexpr std::chrono::milliseconds kTick{50};

// Signals are for the threads of others.
class NoSignals {
 public:
  NoSignals() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~NoSignals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  NoSignals(const NoSignals&) = delete;
  NoSignals& operator=(const NoSignals&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace

class Client::Loop {
 public:
  explicit Loop(const Options& options) : options_(options) {}
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // noexcept: a callback that throws would leave the loop with transfers that are gone.
  void send(std::span<const Request> requests, const base::Call& call,
            const OnReply& on_reply) noexcept;

 private:
  // What callers tell the loop.
  struct Inbox {
    std::vector<Transfer*> posted;
    bool poked = false;            // some transfer was called off, or may go on
    bool ending = false;           // the client is being destroyed
    bool asleep = false;           // the loop is in curl_multi_poll
    std::size_t senders = 0;       // threads that wait in send()
    std::thread thread;            // from the first request on
    std::optional<Error> refusal;  // why nothing is taken any more
  };

  // A scheme, host and port.
  struct Origin {
    std::size_t active = 0;
    std::deque<Transfer*> waiting;
  };

  // On the callers' threads.
  base::Status post(std::span<Transfer* const> transfers);
  static void hand_out(Mailbox& mailbox, std::size_t open, const OnReply& on_reply,
                       const std::function<void()>& poke);
  void poke();
  void wake(Inbox& inbox) const;

  // On the loop's.
  void run();
  Error drive();
  bool take_posted();
  bool admit();
  void start(Origin& origin, Transfer& transfer);
  void collect();
  void look();
  void finish(Handle& handle, CURLcode code, std::optional<Error> error);
  void drop_waiting(const std::function<std::optional<Error>(const Transfer&)>& why);
  void deliver();
  void sleep();

  const Options& options_;
  base::Guarded<Inbox> inbox_;
  std::condition_variable left_;  // a sender has

  // The loop's alone, but for what wake() needs of it while the loop is asleep.
  Curl curl_;
  CURLM* multi_ = nullptr;
  Sockets sockets_;
  Time now_;
  Time next_look_ = Time::max();
  std::vector<Transfer*> fresh_;
  std::unordered_map<std::string, Origin> origins_;
  std::size_t waiting_ = 0;                              // of all origins
  std::vector<std::unique_ptr<Handle>> handles_, free_;  // with a transfer, without
  std::vector<Mailbox::Parcel> ends_;                    // to be delivered
};

Client::Loop::~Loop() {
  std::thread thread;
  {
    auto inbox = inbox_.lock();
    inbox->ending = true;
    wake(*inbox);
    inbox.wait(left_, [](const Inbox& i) { return i.senders == 0; });
    thread.swap(inbox->thread);
  }
  if (thread.joinable()) thread.join();
}

void Client::Loop::send(std::span<const Request> requests, const base::Call& call,
                        const OnReply& on_reply) noexcept {
  if (call.stop.stop_requested()) {
    for (std::size_t i = 0; i < requests.size(); ++i) {
      on_reply(i, failure(requests[i], Fault::kStopped, "called off"));
    }
    return;
  }
  Mailbox mailbox;
  std::vector<Transfer> transfers(requests.size());
  std::vector<Transfer*> ready;
  ready.reserve(requests.size());
  for (std::size_t i = 0; i < requests.size(); ++i) {
    Transfer& transfer = transfers[i];
    transfer.index = i;
    transfer.mailbox = &mailbox;
    transfer.deadline = call.deadline;
    if (const auto status = prepare(requests[i], transfer); !status) {
      on_reply(i, status.error());
    } else {
      ready.push_back(&transfer);
    }
  }
  if (ready.empty()) return;
  if (const auto status = post(ready); !status) {
    for (const Transfer* transfer : ready) on_reply(transfer->index, status.error());
    return;
  }
  {
    const std::stop_callback on_stop(call.stop, [&] {
      mailbox.stop();
      poke();
    });
    hand_out(mailbox, ready.size(), on_reply, [this] { poke(); });
  }
  auto inbox = inbox_.lock();
  if (--inbox->senders == 0) left_.notify_all();
}

base::Status Client::Loop::post(std::span<Transfer* const> transfers) {
  auto inbox = inbox_.lock();
  if (inbox->refusal) return *inbox->refusal;
  if (!inbox->thread.joinable()) {
    try {
      const NoSignals while_it_starts;
      inbox->thread = std::thread([this] { run(); });
    } catch (const std::system_error& error) {
      return Error{Fault::kUnavailable, fmt::format("no thread: {}", error.what())};
    }
  }
  ++inbox->senders;
  inbox->posted.insert(inbox->posted.end(), transfers.begin(), transfers.end());
  wake(*inbox);
  return base::Done{};
}

// Sinks and replies, as they come, until `open` transfers have ended.
void Client::Loop::hand_out(Mailbox& mailbox, std::size_t open, const OnReply& on_reply,
                            const std::function<void()>& poke) {
  while (open > 0) {
    for (Mailbox::Parcel& parcel : mailbox.take()) {
      Transfer& transfer = *parcel.transfer;
      const std::string bytes = std::move(parcel.bytes);
      const auto tell = [&transfer](const Reply& head) {
        if (!std::exchange(transfer.head_told, true)) transfer.request->on_head(head);
      };
      if (parcel.head) tell(*parcel.head);
      if (parcel.end && *parcel.end && transfer.request->on_head) tell(**parcel.end);
      if (!bytes.empty()) {
        const auto* const data = reinterpret_cast<const std::uint8_t*>(bytes.data());
        if (!transfer.unwanted && !transfer.request->sink({data, bytes.size()})) {
          transfer.unwanted = true;
          poke();
        }
        if (mailbox.drained(bytes.size())) poke();
      }
      if (!parcel.end) continue;
      --open;
      if (transfer.unwanted) {
        on_reply(transfer.index, failure(*transfer.request, Fault::kStopped, "called off"));
      } else {
        on_reply(transfer.index, std::move(*parcel.end));
      }
    }
  }
}

void Client::Loop::poke() {
  auto inbox = inbox_.lock();
  inbox->poked = true;
  wake(*inbox);
}

// A loop that is awake looks into its inbox before it sleeps.
void Client::Loop::wake(Inbox& inbox) const {
  if (std::exchange(inbox.asleep, false)) curl_.multi_wakeup(multi_);
}

// The thread. When the loop ends, or could not begin, whoever waits or comes is told why.
void Client::Loop::run() {
  const Error end = drive();
  {
    auto inbox = inbox_.lock();
    inbox->refusal = end;
    fresh_.swap(inbox->posted);
  }
  for (Transfer* const transfer : fresh_) ends_.push_back({transfer, {}, end, {}});
  drop_waiting([&](const Transfer&) { return std::optional(end); });
  deliver();
}

Error Client::Loop::drive() {
  auto curl = load_curl(kCurlLibrary);
  if (!curl) return curl.error();
  curl_ = *curl;
  const std::unique_ptr<CURLM, decltype(&curl_multi_cleanup)> multi(curl_.multi_init(),
                                                                    curl_.multi_cleanup);
  if (!multi) return {Fault::kUnavailable, "libcurl: no memory"};
  multi_ = multi.get();
  curl_.multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(options_.connections));

  while (take_posted()) {
    if (now_ >= next_look_) look();
    admit();
    int running = 0;
    curl_.multi_perform(multi_, &running);
    collect();
    const bool more = admit();
    deliver();
    if (!more) sleep();
  }
  Error end{Fault::kStopped, "the HTTP client has ended"};
  while (!handles_.empty()) finish(*handles_.back(), CURLE_OK, end);
  free_.clear();  // before libcurl's multi handle goes
  return end;
}

// False: the client is being destroyed.
bool Client::Loop::take_posted() {
  {
    auto inbox = inbox_.lock();
    inbox->asleep = false;
    if (inbox->ending) return false;
    fresh_.swap(inbox->posted);
    if (std::exchange(inbox->poked, false)) next_look_ = Time::min();
  }
  now_ = Clock::now();
  for (Transfer* const transfer : fresh_) {
    origins_[transfer->origin].waiting.push_back(transfer);
    next_look_ = std::min({next_look_, transfer->deadline, now_ + kTick});
  }
  waiting_ += fresh_.size();
  fresh_.clear();
  return true;
}

// Starts what the limits allow, one of each origin in turn. True: something was started.
bool Client::Loop::admit() {
  const std::size_t most = std::max<std::size_t>(options_.connections, 1);
  const std::size_t most_each = std::max<std::size_t>(options_.connections_per_host, 1);
  bool started = false;
  for (bool any = true; any && waiting_ > 0 && handles_.size() < most; started |= any) {
    any = false;
    for (auto& [name, origin] : origins_) {
      if (origin.waiting.empty() || origin.active >= most_each || handles_.size() >= most) continue;
      Transfer& transfer = *origin.waiting.front();
      origin.waiting.pop_front();
      --waiting_;
      start(origin, transfer);
      any = true;
    }
  }
  return started;
}

void Client::Loop::start(Origin& origin, Transfer& transfer) {
  std::unique_ptr<Handle> handle;
  if (free_.empty()) {
    handle = Handle::make(curl_, options_, sockets_, now_);
  } else {
    handle = std::move(free_.back());
    free_.pop_back();
  }
  if (handle) {
    handle->begin(transfer);
    if (curl_.multi_add_handle(multi_, handle->easy()) == CURLM_OK) {
      ++origin.active;
      handles_.push_back(std::move(handle));
      return;
    }
  }
  ends_.push_back(
      {&transfer, {}, failure(*transfer.request, Fault::kUnavailable, "no memory"), {}});
}

// What libcurl has done with.
void Client::Loop::collect() {
  int left = 0;
  while (const CURLMsg* const message = curl_.multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    Handle* handle = nullptr;
    curl_.easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &handle);
    finish(*handle, message->data.result, std::nullopt);
  }
}

// Looks at clocks, at what was called off, and at what may go on.
void Client::Loop::look() {
  next_look_ = Time::max();
  // From the back: finish() fills a gap with the last.
  for (std::size_t i = handles_.size(); i-- > 0;) {
    if (auto error = handles_[i]->look()) finish(*handles_[i], CURLE_OK, std::move(error));
  }
  drop_waiting([this](const Transfer& transfer) -> std::optional<Error> {
    const bool off = transfer.mailbox->stopped() || transfer.unwanted;
    if (off) return failure(*transfer.request, Fault::kStopped, "called off");
    if (now_ < transfer.deadline) return std::nullopt;
    return failure(*transfer.request, Fault::kTimeout, "no free connection in the time given");
  });
  if (!handles_.empty() || waiting_ > 0) next_look_ = now_ + kTick;
  for (const auto& handle : handles_) {
    next_look_ = std::min(next_look_, handle->transfer()->deadline);
  }
}

void Client::Loop::finish(Handle& handle, CURLcode code, std::optional<Error> error) {
  curl_.multi_remove_handle(multi_, handle.easy());
  --origins_[handle.transfer()->origin].active;
  ends_.push_back(handle.finish(code, std::move(error)));
  const auto place = std::find_if(handles_.begin(), handles_.end(),
                                  [&](const auto& item) { return item.get() == &handle; });
  free_.push_back(std::move(*place));
  *place = std::move(handles_.back());
  handles_.pop_back();
}

// Ends those that wait and for which there is a reason.
void Client::Loop::drop_waiting(const std::function<std::optional<Error>(const Transfer&)>& why) {
  for (auto& [name, origin] : origins_) {
    std::erase_if(origin.waiting, [&](Transfer* transfer) {
      auto error = why(*transfer);
      if (!error) return false;
      ends_.push_back({transfer, {}, std::move(*error), {}});
      --waiting_;
      return true;
    });
  }
}

// To each mailbox all of its ends that stand together, so that its caller wakes once.
void Client::Loop::deliver() {
  const std::span<Mailbox::Parcel> all(ends_);
  for (std::size_t from = 0, to = 0; from < all.size(); from = to) {
    Mailbox& mailbox = *all[from].transfer->mailbox;
    while (to < all.size() && all[to].transfer->mailbox == &mailbox) ++to;
    mailbox.put(all.subspan(from, to - from));
  }
  ends_.clear();
}

// Until the network moves, a caller wakes us or it is time to look at the clocks.
void Client::Loop::sleep() {
  {
    auto inbox = inbox_.lock();
    if (!inbox->posted.empty() || inbox->poked || inbox->ending) return;
    inbox->asleep = true;
  }
  const auto time =
      std::clamp(next_look_, Clock::now(), Clock::now() + std::chrono::hours(1)) - Clock::now();
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(time);
  curl_.multi_poll(multi_, nullptr, 0, static_cast<int>(std::max<long>(wait.count(), 0)), nullptr);
}

Client::Client(Options options)
    : options_(std::move(options)), loop_(std::make_unique<Loop>(options_)) {}

Client::~Client() = default;

base::Result<Reply> Client::send(const Request& request, const base::Call& call) {
  std::optional<base::Result<Reply>> result;
  loop_->send({&request, 1}, call,
              [&](std::size_t, base::Result<Reply> reply) { result = std::move(reply); });
  return std::move(*result);
}

void Client::send(std::span<const Request> requests, const base::Call& call,
                  const OnReply& on_reply) {
  loop_->send(requests, call, on_reply);
}

}  // namespace gopouch::net
