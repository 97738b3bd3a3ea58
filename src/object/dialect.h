// How one kind of store speaks HTTP, as pure functions: which request stands for an operation, and
// what a reply to it means. No socket, clock or credential in it, so tables can test it.
//
// http_store.h sends what is drafted here; an Authorizer signs it and remembers what replies teach.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/call.h"
#include "base/result.h"
#include "net/net.h"
#include "object/object.h"

namespace gopouch::object {

enum class Op {
  kGet,
  kHead,
  kPut,
  kList,       // one page
  kRemove,     // one object
  kRemoveAll,  // many objects in one request
  kBeginParts,
  kPutPart,
  kJoinParts,
  kDropParts,
};

// "GET", "PUT", "list": the word for it in messages.
std::string_view name_of(Op op);

// What is to be done. Fields that an operation has no use for stay as they are.
struct Operation {
  Op op = Op::kGet;
  Key key = {};  // kList: what the keys begin with
  std::optional<Range> range =
      std::nullopt;                // kGet; kPutPart where parts have a place, not a number
  PutOptions put = {};             // kPut; kBeginParts: its metadata; kJoinParts: its preconditions
  bool metadata = false;           // kGet: as Get::metadata
  std::string page = {};           // kList: where it begins; empty: at the first key
  std::span<const Key> keys = {};  // kRemoveAll
  std::string upload = {};         // parts: which upload
  int part = 0;                    // kPutPart: from 1
  std::span<const std::string> etags = {};  // kJoinParts: of the parts, in order
};

// A request without signature. The body of a PUT is the caller's; other bodies are in `text`, which
// must live until the reply is there.
struct Draft {
  net::Request request;
  std::string text;
};

enum class Verdict {
  kDone,
  kAbsent,
  kConflict,  // a precondition did not hold
  kFailed,
};

// What might help after a failure, once: Authorizer::mend() knows whether it does.
enum class Remedy {
  kNone,
  kRegion,       // sign for (and ask) the region in `hint`
  kClock,        // sign with the server's clock
  kCredentials,  // ask for new credentials
  kSimpler,      // do without what the store does not know: `hint` is one of kWithout…
};

inline constexpr std::string_view kWithoutChecksum = "checksum";
inline constexpr std::string_view kWithoutPrecondition = "precondition";
inline constexpr std::string_view kWithoutRemoveAll = "remove all";  // then: one by one

struct Judgement {
  Verdict verdict = Verdict::kDone;
  base::Error error = {};  // of kFailed
  Remedy remedy = Remedy::kNone;
  std::string hint = {};
};

struct Page {
  std::vector<Info> objects;  // keys without the store's prefix
  std::string next;           // Operation::page of the next one; empty: there is none
};

// Immutable, so safe for concurrent use.
class Dialect {
 public:
  virtual ~Dialect() = default;
  virtual Draft request_for(const Operation& operation) const = 0;
  // REQUIRES: the reply to that operation's request.
  virtual Judgement judge(const Operation& operation, const net::Reply& reply) const = 0;
  // Of a kList that is kDone; of one that is kAbsent, an empty body.
  virtual base::Result<Page> read_page(const Operation& operation,
                                       const std::string& body) const = 0;
  // Of a kGet or kHead that is kDone: what HTTP's own headers say (ETag; Content-Length,
  // Last-Modified), unless the store says it elsewhere.
  virtual std::string version_of(const net::Reply& reply) const;
  virtual base::Result<Info> read_info(const Operation& operation, const net::Reply& reply) const;
  // How many objects one kRemoveAll takes; 0: the store has none.
  virtual std::size_t removal_size() const = 0;
  // Of a kGet that is kDone: what stands beside the object. Most stores keep nothing there.
  virtual Metadata metadata_of(const net::Reply& reply) const;
};

// Headers as metadata: those whose name begins with `prefix` (lower case), without it.
Metadata metadata_with(std::string_view prefix, const net::Reply& reply);

// The Range header of a kGet.
net::Header range_header(const Range& range);

// Whether a good reply is that range, or all of an object where it begins with it.
bool gives_range(const net::Reply& reply, const Range& range);

// What a bad status means where nothing else says more, and how long the store wants to be left
// alone.
base::Fault fault_of_status(int status);
std::chrono::milliseconds retry_after(const net::Reply& reply);

// `text` from outside as part of a message: one line, bounded, no control characters.
std::string one_line(std::string_view text);

// "s3://bucket/prefix".
std::string name_of_bucket(std::string_view scheme, std::string_view bucket,
                           std::string_view prefix);

// What a request was signed with.
struct Signed {
  int state = 0;                             // grows with each thing that is learnt
  bool anonymous = false;                    // not at all: there are no credentials
  std::shared_ptr<const void> by = nullptr;  // the signer's own note of whose name it bears
};

// Who signs, and what the store has taught us so far. Safe for concurrent use.
class Authorizer {
 public:
  virtual ~Authorizer() = default;

  // The dialect with all that is known now. May ask the network the first time.
  virtual base::Result<std::shared_ptr<const Dialect>> dialect(const base::Call& call) = 0;

  // Signs a request whose body is in place. `sha256`: of that body, 32 raw bytes, or empty.
  virtual base::Result<Signed> sign(net::Request& request, const std::string& sha256,
                                    const base::Call& call) = 0;

  // Called with every reply.
  virtual void note(const net::Reply& reply) = 0;

  // True: the same operation, drafted and signed anew, may fare better.
  virtual bool mend(const Judgement& judgement, const net::Reply& reply, const Signed& how) = 0;
};

}  // namespace gopouch::object
