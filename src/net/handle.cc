// How one request travels: what libcurl is told, what it asks, and how long it may take.
//
// Three clocks beside the call's deadline. Connecting (name, TCP, TLS, proxy) is libcurl's. While
// bytes move either way, stall_bytes must move in each stall_timeout; bytes that lie in the
// kernel's queue have not moved, so a thin line is not mistaken for a server that is slow to
// answer. In between, the first byte of the reply has first_byte_timeout; after a body it has
// body_taken_timeout and the time that a far end would need to take it in at kBodyRate.
#include "net/handle.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include <fmt/format.h>

#include "base/files.h"
#include "base/text.h"

namespace gopouch::net {

namespace {

using base::Error;
using base::Fault;

constexpr std::size_t kHeaderLimit = std::size_t{64} << 10U;
constexpr std::int64_t kBodyRate = std::int64_t{64} << 10U;  // bytes a second

constexpr auto kTooLarge = static_cast<CURLcode>(100);  // of libcurl from 8.6 on

// Faults of libcurl that are not "may pass".
Fault fault_of(CURLcode code) {
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return Fault::kTimeout;
    case CURLE_URL_MALFORMAT:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
      return Fault::kInvalid;
    default:
      return Fault::kUnavailable;
  }
}

}  // namespace

Handle::Handle(const Curl& curl, const Options& options, Sockets& sockets, const Time& now)
    : curl_(curl),
      options_(options),
      sockets_(sockets),
      now_(now),
      easy_(curl.easy_init(), curl.easy_cleanup) {}

std::unique_ptr<Handle> Handle::make(const Curl& curl, const Options& options, Sockets& sockets,
                                     const Time& now) {
  std::unique_ptr<Handle> handle(new Handle(curl, options, sockets, now));
  if (!handle->easy_) return nullptr;
  handle->set_up();
  return handle;
}

// What is the same for all requests.
void Handle::set_up() {
  const auto set = [this](CURLoption option, auto value) { curl_.set(easy(), option, value); };
  const char* const none = nullptr;
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_QUICK_EXIT, 1L);  // a name server that hangs does not hold up who gives up on it
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_USERAGENT, options_.user_agent.c_str());
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_timeout.count()));
  set(CURLOPT_TCP_NODELAY, 1L);
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  const bool own = !options_.ca_file.empty();
  const char* const folder = hashed_certificates(options_.ca_folder.c_str());
  const bool hashed = *folder != '\0';
  if (own || hashed) {
    for (const CURLoption option : {CURLOPT_CAINFO, CURLOPT_PROXY_CAINFO}) {
      set(option, own ? options_.ca_file.c_str() : none);
    }
  }
  if (hashed) {
    for (const CURLoption option : {CURLOPT_CAPATH, CURLOPT_PROXY_CAPATH}) set(option, folder);
  }
  if (!options_.certificate_file.empty()) {
    const bool apart = !options_.key_file.empty();
    set(CURLOPT_SSLCERT, options_.certificate_file.c_str());
    set(CURLOPT_SSLKEY, (apart ? options_.key_file : options_.certificate_file).c_str());
  }
  set(CURLOPT_ERRORBUFFER, text_.data());
  set(CURLOPT_PRIVATE, static_cast<void*>(this));
  for (const CURLoption option :
       {CURLOPT_HEADERDATA, CURLOPT_WRITEDATA, CURLOPT_READDATA, CURLOPT_SEEKDATA}) {
    set(option, static_cast<void*>(this));
  }
  set(CURLOPT_HEADERFUNCTION, &Handle::on_header);
  set(CURLOPT_WRITEFUNCTION, &Handle::on_write);
  set(CURLOPT_READFUNCTION, &Handle::on_read);
  set(CURLOPT_SEEKFUNCTION, &Handle::on_seek);
  set(CURLOPT_OPENSOCKETFUNCTION, &Sockets::open);
  set(CURLOPT_OPENSOCKETDATA, static_cast<void*>(&sockets_));
  set(CURLOPT_CLOSESOCKETFUNCTION, &Sockets::close);
  set(CURLOPT_CLOSESOCKETDATA, static_cast<void*>(&sockets_));
}

void Handle::begin(Transfer& transfer) {
  transfer_ = &transfer;
  const Request& request = *transfer.request;
  reply_ = {};
  header_bytes_ = 0;
  head_whole_ = head_given_ = false;
  incoming_ = {};
  refusal_.reset();
  paused_ = false;
  received_ = given_ = marked_ = 0;
  phase_ = Phase::kConnecting;
  marked_at_ = now_;
  text_.front() = '\0';

  list_.clear();
  list_.reserve(transfer.lines.size());  // the items point at each other
  for (std::string& line : transfer.lines) {
    list_.push_back({line.data(), nullptr});
    if (list_.size() > 1) list_[list_.size() - 2].next = &list_.back();
  }
  curl_.set(easy(), CURLOPT_HTTPHEADER, list_.data());
  curl_.set(easy(), CURLOPT_URL, transfer.url.c_str());

  const bool upload = request.body || request.method == "PUT" || request.method == "POST";
  const bool head = request.method == "HEAD";
  const bool own = request.method == (upload ? "PUT" : "GET") || head;
  curl_.set(easy(), CURLOPT_HTTPGET, 1L);  // undoes the two below, from the last time
  if (head) curl_.set(easy(), CURLOPT_NOBODY, 1L);
  if (upload) {
    curl_.set(easy(), CURLOPT_UPLOAD, 1L);
    curl_.set(easy(), CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(body_size(request)));
  }
  curl_.set(easy(), CURLOPT_CUSTOMREQUEST, own ? nullptr : request.method.c_str());
}

bool Handle::to_sink() const {
  const Request& request = *transfer_->request;
  return request.sink && (request.on_head || reply_.status == 200 || reply_.status == 206);
}

// What has come, to the mailbox. False: it is full.
bool Handle::hand_over() {
  std::optional<Reply> head;
  if (transfer_->request->on_head && !head_given_) {
    head.emplace(Reply{reply_.status, reply_.headers, {}});
  }
  if (!transfer_->mailbox->offer(*transfer_, incoming_, head)) return false;
  head_given_ = true;
  return true;
}

Mailbox::Parcel Handle::finish(CURLcode code, std::optional<Error> error) {
  Transfer& transfer = *std::exchange(transfer_, nullptr);
  Mailbox::Parcel parcel{&transfer, std::move(incoming_), std::nullopt, std::nullopt};
  if (refusal_ && !error) error = std::move(refusal_);
  if (!error && !head_whole_ && (code == CURLE_OUT_OF_MEMORY || code == kTooLarge)) {
    error = failure(*transfer.request, Fault::kCorrupt, "a header line without end");
  }
  if (!error && !head_whole_ && code == CURLE_OK) {  // libcurl takes that for a reply
    error = failure(*transfer.request, Fault::kUnavailable, "the reply ends in its headers");
  }
  if (code != CURLE_OK && !error) {
    const char* const text = text_.front() != '\0' ? text_.data() : curl_.easy_strerror(code);
    error = failure(*transfer.request, fault_of(code), text);
  }
  if (error) {
    parcel.bytes.clear();  // of no use to anyone
    parcel.end.emplace(std::move(*error));
  } else {
    parcel.end.emplace(std::move(reply_));
  }
  return parcel;
}

// What is refused ends the transfer: libcurl fails when a callback does not return what it should.
std::size_t Handle::refuse(Fault fault, std::string_view why) {
  refusal_ = failure(*transfer_->request, fault, why);
  return 0;
}

std::size_t Handle::on_header(char* text, std::size_t one, std::size_t size, void* self) {
  return static_cast<Handle*>(self)->take_header({text, one * size});
}

// Status line, header, or the empty line; also of an interim reply (100, 103), which the next
// status line makes forgotten.
std::size_t Handle::take_header(std::string_view line) {
  if (phase_ != Phase::kReceiving) mark(Phase::kReceiving);
  received_ += std::ssize(line);
  header_bytes_ += line.size();
  if (header_bytes_ > kHeaderLimit) return refuse(Fault::kCorrupt, "headers above 64 KiB");
  const std::string_view text = base::trim(line);
  if (line.starts_with("HTTP/")) {
    reply_.headers.clear();
    reply_.status = 0;
    head_whole_ = false;
    const std::size_t space = line.find(' ');
    if (space != std::string_view::npos) {
      std::from_chars(line.data() + space + 1, line.data() + line.size(), reply_.status);
    }
  } else if (const std::size_t colon = text.find(':'); colon != std::string_view::npos) {
    reply_.headers.push_back({std::string(base::trim(text.substr(0, colon))),
                              std::string(base::trim(text.substr(colon + 1)))});
  } else if (text.empty()) {
    head_whole_ = true;
  }
  return line.size();
}

std::size_t Handle::on_write(char* bytes, std::size_t one, std::size_t size, void* self) {
  return static_cast<Handle*>(self)->take_bytes({bytes, one * size});
}

std::size_t Handle::take_bytes(std::string_view bytes) {
  const bool sunk = to_sink();
  std::string& out = sunk ? incoming_ : reply_.body;
  if (sunk && out.size() + bytes.size() > Mailbox::kPiece && !hand_over()) {
    paused_ = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  const std::size_t limit = sunk ? Mailbox::kPiece : transfer_->request->body_limit;
  if (!sunk && out.size() + bytes.size() > limit) {
    return refuse(Fault::kCorrupt,
                  fmt::format("status {}, a body above {} bytes", reply_.status, limit));
  }
  if (out.empty()) {
    curl_off_t length = -1;
    curl_.easy_getinfo(easy(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    // No more than seems needed: what a server says of its length may be a lie.
    const std::size_t most = std::min(limit, Mailbox::kPiece);
    if (length > 0) out.reserve(std::min(static_cast<std::size_t>(length), most));
  }
  out += bytes;
  received_ += std::ssize(bytes);
  return bytes.size();
}

std::size_t Handle::on_read(char* space, std::size_t one, std::size_t size, void* self) {
  return static_cast<Handle*>(self)->give_bytes({space, one * size});
}

std::size_t Handle::give_bytes(std::span<char> space) {
  const Request& request = *transfer_->request;
  const auto left = static_cast<std::size_t>(body_size(request) - given_);
  space = space.first(std::min(space.size(), left));
  if (space.empty()) return 0;
  const Body& body = *request.body;
  std::size_t size = space.size();
  if (body.fd >= 0) {
    ssize_t count = -1;
    do {
      count = ::pread(body.fd, space.data(), space.size(), body.offset + given_);
    } while (count < 0 && errno == EINTR);
    if (count <= 0) {
      refuse(Fault::kUnavailable, count == 0
                                      ? "the file is shorter than it was"
                                      : base::system_error("reading the file", errno).message);
      return CURL_READFUNC_ABORT;
    }
    size = static_cast<std::size_t>(count);
  } else {
    std::memcpy(space.data(), body.bytes.data() + given_, size);
  }
  given_ += static_cast<std::int64_t>(size);
  if (body.sent != nullptr) *body.sent += static_cast<std::int64_t>(size);
  return size;
}

// libcurl begins again where a connection that it had kept turns out to be dead.
int Handle::on_seek(void* self, curl_off_t offset, int origin) {
  auto& handle = *static_cast<Handle*>(self);
  if (origin != SEEK_SET || offset < 0 || offset > body_size(*handle.transfer_->request)) {
    return CURL_SEEKFUNC_FAIL;
  }
  handle.given_ = offset;
  handle.marked_ = std::min<std::int64_t>(handle.marked_, offset);
  return CURL_SEEKFUNC_OK;
}

void Handle::mark(Phase phase) {
  phase_ = phase;
  marked_at_ = now_;
  marked_ = phase == Phase::kSending ? 0 : received_ + given_;
}

// Bytes of the request in the kernel's queue that the other side has not confirmed.
std::int64_t Handle::unsent() const {
  long port = 0;
  curl_.easy_getinfo(easy(), CURLINFO_LOCAL_PORT, &port);
  return sockets_.unsent(port);
}

std::optional<Error> Handle::look() {
  const Request& request = *transfer_->request;
  if (transfer_->unwanted || transfer_->mailbox->stopped()) {
    return failure(request, Fault::kStopped, "called off");
  }
  if (now_ >= transfer_->deadline) {
    return failure(request, Fault::kTimeout, "no answer in the time that it was given");
  }
  if (paused_) {
    mark(phase_);
    if (transfer_->mailbox->has_room()) {
      paused_ = false;
      curl_.easy_pause(easy(), CURLPAUSE_CONT);
    }
    return std::nullopt;
  }
  // Who wants the head at once wants the bytes soon, too.
  if (request.on_head && !incoming_.empty() && !hand_over()) return std::nullopt;
  return stalled();
}

std::optional<Error> Handle::stalled() {
  const Request& request = *transfer_->request;
  const std::int64_t size = body_size(request);
  if (phase_ == Phase::kConnecting) {
    curl_off_t connected = 0;
    curl_.easy_getinfo(easy(), CURLINFO_PRETRANSFER_TIME_T, &connected);
    if (connected > 0) mark(Phase::kSending);
    return std::nullopt;
  }
  if (phase_ == Phase::kWaiting) {
    const std::chrono::milliseconds limit =
        size == 0
            ? options_.first_byte_timeout
            : options_.body_taken_timeout + std::chrono::milliseconds(size * 1000 / kBodyRate);
    if (now_ - marked_at_ < limit) return std::nullopt;
    return failure(request, Fault::kTimeout,
                   fmt::format("no answer {} after the request", base::human_seconds(limit)));
  }
  std::int64_t moved = received_ + given_;
  if (phase_ == Phase::kSending) {
    const std::int64_t queued = size > 0 ? unsent() : 0;
    if (given_ == size && queued == 0) {
      mark(Phase::kWaiting);
      return std::nullopt;
    }
    moved -= queued;
  }
  if (moved - marked_ >= options_.stall_bytes) {
    marked_ = moved;
    marked_at_ = now_;
  }
  if (now_ - marked_at_ < options_.stall_timeout) return std::nullopt;
  return failure(request, Fault::kTimeout,
                 fmt::format("fewer than {} bytes in {}", options_.stall_bytes,
                             base::human_seconds(options_.stall_timeout)));
}

}  // namespace gopouch::net
