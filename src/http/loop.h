// Asio and Beast under short names, for the files of the loop.
#pragma once

#include <chrono>
#include <cstddef>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace gopouch::http {

namespace asio = boost::asio;

using Clock = std::chrono::steady_clock;
using Code = boost::system::error_code;
using Executor = asio::io_context::executor_type;

// A coroutine of the loop.
template <typename T>
using Task = asio::awaitable<T, Executor>;

// For the last argument of an operation: wait for it, with its error into `code`.
inline auto to(Code& code) { return asio::redirect_error(asio::use_awaitable_t<Executor>(), code); }

constexpr std::size_t kPiece = std::size_t{64} << 10U;  // what moves in one step at most

}  // namespace gopouch::http
