// Object stores: immutable byte strings under keys, somewhere that machines share.
//
// Nothing here knows of Go. What the keys mean is remote/'s business; how bytes travel is net/'s.
// To add a store: write its file here, add its name to the two lines of backends.cc, and its page
// to docs/backends.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/call.h"
#include "base/result.h"
#include "base/secret.h"
#include "net/net.h"

namespace gopouch::object {

// What so many bytes may take on a slow network, 64 kB/s, above what an operation may take anyway.
constexpr std::chrono::milliseconds time_to_move(std::int64_t bytes) {
  return std::chrono::milliseconds(bytes / 64);
}

// Relative to the store's prefix, of [A-Za-z0-9._/-], at most 512 of them, not beginning or ending
// with "/", no "..", and no part empty or ".". Others are refused with kInvalid.
using Key = std::string;

// Of an object that ends within it there is what there is; where it begins at the end or behind it,
// the reply is kCorrupt.
struct Range {
  std::int64_t offset = 0, size = 0;
};

// Takes an object's bytes as they arrive, on the thread that called get().
class Sink {
 public:
  virtual ~Sink() = default;
  // Before the first byte, and again when a retry starts from the first byte.
  virtual void begin() = 0;
  // False: enough; the get ends with kStopped.
  virtual bool write(std::span<const std::uint8_t> bytes) = 0;
};

struct Get {
  Key key;
  std::optional<Range> range = std::nullopt;
  Sink* sink = nullptr;                        // null: into Object::bytes
  std::size_t limit = std::size_t{64} << 20U;  // for Object::bytes; a larger object is kCorrupt
  bool metadata = false;                       // Object::metadata is wanted, too
};

// What stands beside an object's bytes: lower-case names of letters, digits and "-", values of
// printable ASCII. What a store gives may be anybody's. A server of go-cacher's says there what it
// sends: "content-type", "go-output-id".
using Metadata = std::map<std::string, std::string>;

struct Object {
  std::string bytes;       // empty where a sink took them
  std::string version;     // for PutOptions::if_version; empty where the store has none
  Metadata metadata = {};  // only where Get::metadata asks for it, and the store keeps some
};

struct Info {
  Key key;
  std::int64_t size = 0;
  std::chrono::sys_seconds modified{};
};

struct PutOptions {
  // Only if there is no such object, or only in place of this version. Stores without preconditions
  // put anyway (Features::preconditions).
  bool if_absent = false;
  std::string if_version = {};
  std::string sha256 = {};  // of the body, 32 raw bytes, where the caller has it; empty: not known
  Metadata metadata = {};   // stores that keep none refuse it with kInvalid
};

enum class PutOutcome { kStored, kConflict };  // kConflict: a precondition did not hold

struct Features {
  bool ranges = false;
  bool preconditions = false;
  bool remote = true;  // false: a folder or memory: uploads need no concurrency
  bool metadata = false;
};

// The servers of go-cacher's protocol.
inline constexpr std::string_view kGoCacherLayout = "go-cacher";

// Safe for concurrent use. No method throws; each ends with its Call. Errors: kDenied (we may not),
// kInvalid (no such bucket, a wrong name: will never work), kUnavailable (may work later), kTimeout
// (took too long; not tried again), kCorrupt (an answer that is none), kStopped.
class Store {
 public:
  virtual ~Store() = default;

  // Bytes; nullopt when the store holds no such key; or why that could not be told.
  using OnReply = std::function<void(std::size_t index, base::Result<std::optional<Object>> reply)>;

  // Fetches all, as many at once as the store is good for. Calls `on_reply` exactly once for each,
  // with its index, in any order, on the calling thread.
  virtual void get(std::span<const Get> gets, const base::Call& call, const OnReply& on_reply) = 0;

  // Stores the body whole or not at all.
  virtual base::Result<PutOutcome> put(const Key& key, const net::Body& body,
                                       const PutOptions& options, const base::Call& call) = 0;

  // What is known of an object without its bytes; nullopt: there is none.
  virtual base::Result<std::optional<Info>> head(const Key& key, const base::Call& call) = 0;

  // Every object whose key begins with `prefix`, in pages, in any order. `on_page` returning false
  // ends it.
  using OnPage = std::function<bool(std::span<const Info> page)>;
  virtual base::Status list(const std::string& prefix, const base::Call& call,
                            const OnPage& on_page) = 0;

  // Removes these; what is not there counts as removed.
  virtual base::Status remove(std::span<const Key> keys, const base::Call& call) = 0;
};

// One object, in the simplest way.
base::Result<std::optional<Object>> get_one(Store& store, const Get& get, const base::Call& call);

// What the backends and the decorators need, from config.
struct Options {
  std::function<std::optional<std::string>(std::string_view name)> env;  // AWS_*, HOME, …
  net::Options net;

  // S3.
  std::string region;           // empty: as the AWS tools find it, else asked
  std::string s3_endpoint_url;  // empty: as the AWS tools find it, else the region's own
  bool s3_path_style = false;
  std::string s3_storage_class;      // empty: the bucket's own
  std::vector<std::string> s3_tags;  // "key=value"
  std::string access_key_id;         // of an older program's own variables; empty: the chain
  base::Secret secret_access_key, session_token;

  // Redis.
  std::chrono::seconds redis_ttl{std::chrono::hours{24 * 7}};  // of what is put; 0: for good
  bool redis_plain = false;  // keys keep their "/", and no value is cut: as others write them

  // Plain HTTP.
  base::Secret bearer_token;
  std::string bearer_token_file;           // goes before the token
  std::vector<base::Secret> http_headers;  // "Name: value", on each request

  // Decorators.
  bool read_only = false;
  double error_rate = 0;                            // of calls that fail on purpose
  int attempts = 3;                                 // of one call
  std::chrono::milliseconds first_pause{100};       // before the second attempt, doubled each time
  int breaker_faults = 5;                           // in a row open the breaker; one kTimeout does
  std::chrono::milliseconds breaker_pause{15'000};  // at most, until a probe may try again
};

// What one store has done. All are sums since open().
struct Counts {
  std::int64_t gets = 0, hits = 0, misses = 0, puts = 0, faults = 0;
  std::int64_t bytes_down = 0, bytes_up = 0;
  std::int64_t retries = 0;
  bool open = false;       // the breaker is: calls fail at once
  bool read_only = false;  // nothing is written: asked for, or found out
};

// A store with its decorators on, made from one URL. Opening touches neither network nor disk: the
// first call does.
class Remote {
 public:
  Remote(Remote&&) noexcept;
  ~Remote();
  Store& store();
  Features features() const;
  Counts counts() const;
  // Bytes of bodies that have left for the store: grows while a put does anything (Body::sent).
  std::int64_t moved() const;
  // "s3://bucket/prefix", without secrets.
  const std::string& name() const;
  // False: its keys are all that the bucket holds, and clearing it would empty the bucket.
  bool has_prefix() const;
  // Whose keys the server takes, where it takes no others; empty: it takes any key.
  std::string_view layout() const;
  // How far the server's clock is ahead of ours; nullopt: no answer told it.
  std::optional<std::chrono::milliseconds> clock_offset() const;
  // Where credentials come from, for doctor; empty where none are needed.
  base::Result<std::string> who(const base::Call& call);

 private:
  friend base::Result<Remote> open(std::string_view url, const Options& options);
  struct Rep;
  explicit Remote(std::unique_ptr<Rep> rep);
  std::unique_ptr<Rep> rep_;
};

// kInvalid: the URL or an option is wrong; the message is one line for the user.
base::Result<Remote> open(std::string_view url, const Options& options);

// "s3, file, …": the schemes that open() knows, for messages and help.
std::string schemes();

}  // namespace gopouch::object
