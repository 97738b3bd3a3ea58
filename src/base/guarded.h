// Data and its lock as one object.
#pragma once

#include <condition_variable>
#include <mutex>
#include <utility>

namespace gopouch::base {

// The T inside can only be reached while the lock is held: guarded.lock()->member.
template <typename T>
class Guarded {
 public:
  template <typename... Args>
  explicit Guarded(Args&&... args) : value_(std::forward<Args>(args)...) {}

  // Holds the lock for as long as it lives.
  class Locked {
   public:
    T* operator->() { return value_; }
    T& operator*() { return *value_; }

    // Waits until `ready(value)` is true; whoever changes the value calls notify on `changed`.
    template <typename Ready>
    void wait(std::condition_variable& changed, Ready ready) {
      changed.wait(lock_, [&] { return ready(*value_); });
    }

    // The same, until `when` at the latest. False when it was not true by then.
    template <typename TimePoint, typename Ready>
    bool wait_until(std::condition_variable& changed, TimePoint when, Ready ready) {
      return changed.wait_until(lock_, when, [&] { return ready(*value_); });
    }

    // Calls `work` with the lock let go of.
    template <typename Work>
    void unlocked(const Work& work) {
      lock_.unlock();
      work();
      lock_.lock();
    }

   private:
    friend class Guarded;
    Locked(std::mutex& mutex, T* value) : lock_(mutex), value_(value) {}
    std::unique_lock<std::mutex> lock_;
    T* value_;
  };

  Locked lock() { return Locked(mutex_, &value_); }

 private:
  std::mutex mutex_;
  T value_;
};

}  // namespace gopouch::base
