// The wire of go-cacher, on the server's side: remote/layout_go_cacher.cc is the client's, and has
// its rules.
//
// An action's index and an output are an object each, go-cacher/action/<hex> and
// go-cacher/output/<hex>, and the right to these keys is what is asked for.
#include <fmt/format.h>

#include "base/bytes.h"
#include "serve/cache.h"

#include <nlohmann/json.hpp>

namespace gopouch::serve {

namespace {

constexpr std::string_view kKeys = "go-cacher";

// "action/<hex>" and the like: its second part, if that is one.
std::optional<std::string> id_of(std::string_view path, std::string_view folder) {
  if (!path.starts_with(folder) || !base::hash_from_hex(path.substr(folder.size()))) {
    return std::nullopt;
  }
  return std::string(path.substr(folder.size()));
}

}  // namespace

void HttpCache::answer_go_cacher(http::Exchange& exchange, std::string_view base) {
  const http::Request& request = exchange.request();
  const Pass pass = rep_->gate.pass_of(request);
  const bool puts = request.method == "PUT";
  if (!pass.known || pass.at(kKeys) < (puts ? Right::kWrite : Right::kRead)) {
    return Gate::refuse(exchange, pass);
  }
  std::string_view path = std::string_view(request.path).substr(base.size());
  if (path.starts_with('/')) path.remove_prefix(1);
  object::Store& store = rep_->objects.store();
  const auto key_of = [](std::string_view kind, std::string_view id) {
    return fmt::format("{}/{}/{}", kKeys, kind, id);
  };

  if (puts) {
    const auto action = path.size() > 64 ? id_of(path.substr(0, 64), "") : std::nullopt;
    const auto output = action ? id_of(path.substr(64), "/") : std::nullopt;
    if (!output) return http::send_line(exchange, 400, "PUT /<action>/<output>");
    base::Hash sum{};
    const auto file = rep_->receive(exchange, &sum);
    if (!file) return http::send_line(exchange, status_of(file.error().fault), "not stored");
    if (base::to_hex(sum) != *output) {
      return http::send_line(exchange, 422, "a body that is not the output it claims to be");
    }
    const net::Body body{.fd = file->fd(), .size = file->size()};
    const auto stored = store.put(key_of("output", *output), body, {.if_absent = true}, in_time());
    if (!stored) return http::send_line(exchange, status_of(stored.error().fault), "not stored");
    const std::string index = nlohmann::json{{"outputID", *output}, {"size", file->size()}}.dump();
    const auto named =
        store.put(key_of("action", *action), {.bytes = base::bytes_of(index)}, {}, in_time());
    if (!named) return http::send_line(exchange, status_of(named.error().fault), "not stored");
    exchange.send({204}, "");
    return;
  }
  if (!http::only_reads(exchange)) return;
  if (const auto output = id_of(path, "output/")) {
    return rep_->get(exchange, key_of("output", *output));
  }
  const auto action = id_of(path, "action/");
  if (!action) return http::send_line(exchange, 400, "/action/<hex> or /output/<hex>");
  const auto index =
      object::get_one(store, {.key = key_of("action", *action), .limit = 4096}, in_time());
  if (!index) return http::send_line(exchange, status_of(index.error().fault), "not to be had");
  if (!*index) return http::send_line(exchange, 404, "not found");
  if (net::find_header(request.headers, "Want-Object") != "1") {
    exchange.send({200, {{"Content-Type", "application/json"}}}, (*index)->bytes);
    return;
  }
  const auto said = nlohmann::json::parse((*index)->bytes, nullptr, false);
  const auto output = said.is_object() ? said.find("outputID") : said.end();
  if (!said.is_object() || output == said.end() || !output->is_string()) {
    return http::send_line(exchange, 404, "not found");
  }
  const std::string id = output->get<std::string>();
  rep_->get(exchange, key_of("output", id), {{"Go-Output-Id", id}});
}

}  // namespace gopouch::serve
