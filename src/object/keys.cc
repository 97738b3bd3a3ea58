// What may be a key, looked at in one place. Rules: object.h.
#include <algorithm>

#include <fmt/format.h>

#include "object/backend.h"
#include "object/decorators.h"

namespace gopouch::object {

namespace {

constexpr std::size_t kLongest = 512;  // leaves a prefix its room: S3's keys end at 1024 bytes

bool is_key_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-' || c == '/';
}

// A part of a key that a folder would take for something else.
bool has_odd_part(std::string_view key) {
  while (!key.empty()) {
    const std::string_view part = key.substr(0, key.find('/'));
    if (part.empty() || part == ".") return true;
    key.remove_prefix(std::min(part.size() + 1, key.size()));
  }
  return false;
}

bool is_prefix(std::string_view text) {
  return text.size() <= kLongest && std::all_of(text.begin(), text.end(), is_key_letter) &&
         text.find("..") == std::string_view::npos && !has_odd_part(text);
}

// `text` may hold anything, so it is not shown.
base::Error no_key(std::string_view what) {
  return {base::Fault::kInvalid, fmt::format("this is no {} of an object", what)};
}

bool is_range(const std::optional<Range>& range) {
  return !range ||
         (range->offset >= 0 && range->size > 0 && range->offset <= INT64_MAX - range->size);
}

bool is_metadata(const Metadata::value_type& one) {
  const auto& [name, value] = one;
  return !name.empty() &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos &&
         std::all_of(value.begin(), value.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

class CheckedKeys final : public Store {
 public:
  CheckedKeys(std::unique_ptr<Store> inner, bool metadata)
      : inner_(std::move(inner)), metadata_(metadata) {}

  void get(std::span<const Get> gets, const base::Call& call, const OnReply& on_reply) override {
    const auto wrong = [](const Get& get) { return !is_key(get.key) || !is_range(get.range); };
    if (std::none_of(gets.begin(), gets.end(), wrong)) {
      inner_->get(gets, call, on_reply);
      return;
    }
    std::vector<Get> good;
    std::vector<std::size_t> indexes;
    for (std::size_t i = 0; i < gets.size(); ++i) {
      if (wrong(gets[i])) {
        on_reply(i, no_key(is_key(gets[i].key) ? "range" : "key"));
      } else {
        good.push_back(gets[i]);
        indexes.push_back(i);
      }
    }
    if (good.empty()) return;
    inner_->get(good, call, [&](std::size_t nth, base::Result<std::optional<Object>> reply) {
      on_reply(indexes[nth], std::move(reply));
    });
  }

  base::Result<PutOutcome> put(const Key& key, const net::Body& body, const PutOptions& options,
                               const base::Call& call) override {
    if (!is_key(key)) return no_key("key");
    if (!options.metadata.empty() && !metadata_) {
      return base::Error{base::Fault::kInvalid, "this store keeps no metadata beside its objects"};
    }
    if (!std::all_of(options.metadata.begin(), options.metadata.end(), is_metadata)) {
      return base::Error{base::Fault::kInvalid, "this is no metadata of an object"};
    }
    return inner_->put(key, body, options, call);
  }

  base::Result<std::optional<Info>> head(const Key& key, const base::Call& call) override {
    if (!is_key(key)) return no_key("key");
    return inner_->head(key, call);
  }

  base::Status list(const std::string& prefix, const base::Call& call,
                    const OnPage& on_page) override {
    if (!is_prefix(prefix)) return no_key("prefix");
    return inner_->list(prefix, call, on_page);
  }

  base::Status remove(std::span<const Key> keys, const base::Call& call) override {
    if (!std::all_of(keys.begin(), keys.end(), is_key)) return no_key("key");
    return keys.empty() ? base::Done{} : inner_->remove(keys, call);
  }

 private:
  const std::unique_ptr<Store> inner_;
  const bool metadata_;
};

}  // namespace

bool is_key(std::string_view text) {
  return !text.empty() && !text.ends_with('/') && is_prefix(text);
}

std::unique_ptr<Store> check_keys(std::unique_ptr<Store> inner, bool metadata) {
  return std::make_unique<CheckedKeys>(std::move(inner), metadata);
}

}  // namespace gopouch::object
