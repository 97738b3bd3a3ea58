#include "serve/status.h"

#include <algorithm>
#include <thread>

#include <nlohmann/json.hpp>

namespace gopouch::serve {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kShortId = 12;  // digits of an action's: enough to find it in a log

Json sessions_of(const Plugin& plugin) {
  const Counts counts = plugin.counts();
  const auto cores = static_cast<std::int64_t>(std::max(1U, std::thread::hardware_concurrency()));
  return {{"open", counts.open},
          {"ended", counts.ended},
          {"hits", counts.sessions.hits},
          {"remote_hits", counts.remote.hits},
          {"misses", counts.sessions.misses},
          {"puts", counts.sessions.puts},
          {"hit_bytes", counts.sessions.hit_bytes},
          {"put_bytes", counts.sessions.put_bytes},
          {"faults", counts.sessions.faults},
          {"damaged", counts.remote.corrupt},
          {"saved_seconds", counts.remote.saved_ms / 1000 / cores}};
}

Json misses_of(const Plugin& plugin) {
  Json list = Json::array();
  const auto now = std::chrono::system_clock::now();
  for (const session::Miss& miss : plugin.costliest()) {
    list.push_back(
        {{"action", base::to_hex(miss.action.hash).substr(0, kShortId)},
         {"milliseconds", miss.took.count()},
         {"bytes", miss.bytes},
         {"seconds_ago", std::chrono::floor<std::chrono::seconds>(now - miss.put).count()}});
  }
  return list;
}

Json remotes_of(std::span<const object::Remote> remotes) {
  Json list = Json::array();
  for (const object::Remote& remote : remotes) {
    const object::Counts counts = remote.counts();
    list.push_back({{"name", remote.name()},
                    {"resting", counts.open},
                    {"read_only", counts.read_only},
                    {"gets", counts.gets},
                    {"hits", counts.hits},
                    {"misses", counts.misses},
                    {"puts", counts.puts},
                    {"faults", counts.faults},
                    {"retries", counts.retries},
                    {"bytes_down", counts.bytes_down},
                    {"bytes_up", counts.bytes_up}});
  }
  return list;
}

Json modules_of(const proxy::Modules& modules) {
  const proxy::ModuleCounts counts = modules.counts();
  return {{"upstreams", modules.upstreams()},
          {"silent", counts.quiet},
          {"hits", counts.hits},
          {"remote_hits", counts.remote_hits},
          {"fetched", counts.fetched},
          {"absent", counts.absent},
          {"stale", counts.stale},
          {"joined", counts.joined},
          {"faults", counts.faults},
          {"damaged", counts.damaged},
          {"unkept", counts.unkept},
          {"upstream_requests", counts.requests},
          {"upstream_bytes", counts.bytes_up}};
}

Json http_of(const HttpSums& sums) {
  std::map<std::string, Json> routes;
  for (const auto& [key, sum] : sums) {
    const auto& [route, status] = key;
    Json& one = routes[route];
    if (one.is_null()) {
      one = {{"route", route.empty() ? "other" : route},
             {"requests", 0},
             {"failed", 0},
             {"bytes", 0},
             {"seconds", 0.0}};
    }
    one["requests"] = one["requests"].get<std::int64_t>() + sum.requests;
    if (status == 0 || status >= 500)
      one["failed"] = one["failed"].get<std::int64_t>() + sum.requests;
    one["bytes"] = one["bytes"].get<std::int64_t>() + sum.bytes;
    one["seconds"] = one["seconds"].get<double>() + sum.seconds;
  }
  Json list = Json::array();
  for (auto& [route, one] : routes) list.push_back(std::move(one));
  return list;
}

}  // namespace

std::string status_json(const WebOptions& options, const HttpSums& http,
                        std::chrono::steady_clock::duration uptime) {
  Json status{{"version", GOPOUCH_VERSION},
              {"uptime_seconds", std::chrono::floor<std::chrono::seconds>(uptime).count()}};
  if (options.plugin != nullptr) {
    status["sessions"] = sessions_of(*options.plugin);
    status["costliest_misses"] = misses_of(*options.plugin);
  }
  status["remotes"] = remotes_of(options.objects);
  if (options.modules != nullptr) status["modules"] = modules_of(*options.modules);
  status["http"] = http_of(http);
  return status.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace gopouch::serve
