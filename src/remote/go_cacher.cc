#include "remote/go_cacher.h"

#include <unistd.h>

#include "base/bytes.h"
#include "base/compress.h"
#include "base/files.h"
#include "base/hash.h"

#include <nlohmann/json.hpp>

namespace gopouch::remote {

namespace {

using base::Error;
using base::Fault;

constexpr std::int64_t kInMemory = std::int64_t{256} << 10U;

Error corrupt(const char* why) { return {Fault::kCorrupt, why}; }

// Keeps bytes whose name comes after them: in memory where they are few, else in a file without a
// name.
class Spool final : public object::Sink {
 public:
  Spool(const GoCacherOptions& options, std::atomic<std::int64_t>& received)
      : options_(options), received_(received) {}

  void begin() override {
    bytes_.clear();
    file_.reset();
    size_ = 0;
    problem_.reset();
  }

  bool write(std::span<const std::uint8_t> bytes) override {
    received_ += std::ssize(bytes);
    size_ += std::ssize(bytes);
    if (size_ > options_.max_body) return fail(corrupt("a body beyond all bounds"));
    if (!file_ && size_ <= kInMemory) {
      bytes_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      return true;
    }
    if (!file_) {
      file_ = base::unnamed_file(options_.temp_dir);
      if (!file_) return fail(base::system_error("a temporary file", errno));
      const auto kept = base::write_all(file_.get(), base::bytes_of(bytes_));
      if (!kept) return fail(kept.error());
      bytes_.clear();
    }
    const auto written = base::write_all(file_.get(), bytes);
    return written ? true : fail(written.error());
  }

  // Why write() wanted no more, where it did not.
  const std::optional<Error>& problem() const { return problem_; }
  std::string_view text() const { return bytes_; }
  std::int64_t size() const { return size_; }

  base::Status copy_to(store::Put& put) const {
    if (!file_) {
      put.write(base::bytes_of(bytes_));
      return base::Done{};
    }
    if (::lseek(file_.get(), 0, SEEK_SET) != 0)
      return base::system_error("a temporary file", errno);
    return base::copy(file_.get(), size_, [&](std::span<const std::uint8_t> bytes) {
      put.write(bytes);
      return base::Status(base::Done{});
    });
  }

 private:
  bool fail(Error error) {
    problem_ = std::move(error);
    return false;
  }

  const GoCacherOptions& options_;
  std::atomic<std::int64_t>& received_;
  std::string bytes_;
  base::Fd file_;
  std::int64_t size_ = 0;
  std::optional<Error> problem_;
};

// As object::get_one, but a sink that gave up says why.
base::Result<std::optional<object::Object>> fetch(object::Store& objects, object::Key key,
                                                  Spool& spool, const base::Call& call) {
  auto reply = object::get_one(objects, {.key = std::move(key), .sink = &spool}, call);
  if (spool.problem()) return *spool.problem();
  return reply;
}

}  // namespace

base::Result<store::Entry> parse_action_value(std::string_view json) {
  const auto value = nlohmann::json::parse(json, nullptr, false);
  const auto output = value.is_object() ? value.find("outputID") : value.end();
  const auto size = value.is_object() ? value.find("size") : value.end();
  if (output == value.end() || size == value.end() || !output->is_string() ||
      !size->is_number_unsigned() || size->get<std::uint64_t>() > INT64_MAX) {
    return corrupt("no word of an output");
  }
  const auto hash = base::hash_from_hex(output->get_ref<const std::string&>());
  if (!hash) return corrupt("an output that has no such name");
  return store::Entry{{*hash}, size->get<std::int64_t>(), {}};
}

object::Key go_cacher_key(const store::ActionId& action, const store::OutputId& output) {
  return base::to_hex(action.hash) + "/" + base::to_hex(output.hash);
}

base::Result<std::optional<store::Hit>> get_go_cacher(object::Store& objects, store::Store& local,
                                                      const store::ActionId& action,
                                                      const GoCacherOptions& options,
                                                      const base::Call& call,
                                                      std::atomic<std::int64_t>& received) {
  Spool spool(options, received);
  auto reply = fetch(objects, "action/" + base::to_hex(action.hash), spool, call);
  if (!reply) return reply.error();
  if (!*reply) return std::optional<store::Hit>();

  store::Entry entry;
  entry.size = spool.size();
  const auto& headers = (*reply)->headers;
  if (net::find_header(headers, "Content-Type").starts_with("application/json")) {
    const auto told = parse_action_value(spool.text());
    if (!told) return told.error();
    entry = *told;
    spool.begin();
    if (entry.size > 0) {
      reply = fetch(objects, "output/" + base::to_hex(entry.output.hash), spool, call);
      if (!reply) return reply.error();
      if (!*reply) return std::optional<store::Hit>();
    }
    if (spool.size() != entry.size) return corrupt("another size than announced");
  } else {
    const auto output = base::hash_from_hex(net::find_header(headers, "Go-Output-Id"));
    if (!output) return corrupt("no word of an output");
    entry.output.hash = *output;
  }

  store::Put put = local.put(action, entry.output, entry.size, store::Time());
  if (const auto copied = spool.copy_to(put); !copied) return copied.error();
  auto stored = put.commit();
  if (stored) return std::optional(*std::move(stored));
  if (stored.error().fault == Fault::kInvalid)
    return Error{Fault::kCorrupt, stored.error().message};
  return stored.error();
}

}  // namespace gopouch::remote
