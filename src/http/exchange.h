// One request and its reply on the loop, as the handler's thread sees it.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "http/http.h"
#include "http/stream.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>

namespace gopouch::http {

namespace beast = boost::beast;

// Shared by a connection's coroutine and the handler's thread, which never run at once but in
// read(), write() and begin(), where one of them waits.
struct Exchange::Rep {
  using Parser = beast::http::request_parser<beast::http::buffer_body>;
  enum class State { kNone, kWhole, kFile, kPieces, kSecure, kTaken };

  Rep(asio::io_context& with, Stream& on, beast::flat_buffer& with_buffer, const Options& how)
      : loop(with), stream(on), buffer(with_buffer), options(how) {}

  // On the loop.
  Task<Code> read_head();                                    // and into `request`, if it is one
  Task<bool> take(std::span<char> space, std::size_t& got);  // the next piece of the body
  Task<bool> put(std::string_view text);
  Task<bool> finish();  // what the handler left to be sent
  // What is sent where no handler is asked.
  void answer(int code, std::string_view text);

  // Runs a task on the loop; its result, on the handler's thread.
  template <typename Make>
  bool on_loop(const Make& make) {
    std::mutex mutex;
    std::condition_variable ended;
    std::optional<bool> result;
    asio::co_spawn(loop.get_executor(), make, [&](const std::exception_ptr& fault, bool done) {
      const std::lock_guard lock(mutex);
      result = !fault && done;
      ended.notify_one();
    });
    std::unique_lock lock(mutex);
    ended.wait(lock, [&] { return result.has_value(); });
    return *result;
  }

  asio::io_context& loop;
  Stream& stream;
  beast::flat_buffer& buffer;  // what has come and is not parsed yet
  const Options& options;
  Parser parser;
  Request request;
  bool is_head = false, expects = false, keep = false;

  State state = State::kNone;
  Head head;
  std::string body;
  base::Fd file;
  std::int64_t offset = 0;
  std::optional<std::int64_t> size;
  std::int64_t sent = 0;                                  // of the body
  std::shared_ptr<const crypto::ServerContext> greeting;  // of kSecure
  bool failed = false;
  std::string_view route;
  std::string note;

 private:
  Task<void> parse(std::size_t at_once, Code& code);
  void take_head();
  std::string head_text(std::optional<std::int64_t> length) const;
  Task<bool> put_file();
};

}  // namespace gopouch::http
