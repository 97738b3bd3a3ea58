// Who may what: tokens and certificates as their files say, and as they say after a reload.
//
// A token is compared by its hash, with all of them and in the same time whichever it is, so that
// nobody learns a part of one by asking.
#include <fcntl.h>
#include <sys/stat.h>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/files.h"
#include "base/guarded.h"
#include "base/log.h"
#include "crypto/crypto.h"
#include "serve/oidc.h"
#include "serve/tokens.h"

namespace gopouch::serve {

namespace {

using base::Error;
using base::Fault;

constexpr std::size_t kLargest = std::size_t{1} << 20U;

Error about(std::string_view setting, const std::string& file, std::string_view why) {
  return {Fault::kInvalid, fmt::format("{}: {}: {}", setting, file, why)};
}

base::Result<std::shared_ptr<const TokenTable>> load_tokens(const std::string& file) {
  const auto text = base::read_file(AT_FDCWD, file.c_str(), kLargest, base::Links::kFollow);
  if (!text) return about("http-tokens", file, text.error().message);
  if (!*text) return about("http-tokens", file, "there is no such file");
  auto table = parse_tokens(**text);
  if (!table) return about("http-tokens", file, table.error().message);
  struct stat info {};
  if (table->in_clear && ::stat(file.c_str(), &info) == 0 && (info.st_mode & 077U) != 0) {
    base::log(base::LogLevel::kWarning,
              "http-tokens: {} can be read by others: chmod 600, or write tokens as sha256:…",
              file);
  }
  return std::make_shared<const TokenTable>(*std::move(table));
}

base::Result<std::shared_ptr<const crypto::ServerContext>> load_tls(const GateOptions& options) {
  auto identity = crypto::Identity::load(options.certificate_file, options.key_file);
  if (!identity) return Error{Fault::kInvalid, "http-certificate: " + identity.error().message};
  auto context = crypto::ServerContext::make({*std::move(identity), options.client_ca_file});
  if (!context) return Error{Fault::kInvalid, "http-client-ca: " + context.error().message};
  return context;
}

bool same(const base::Hash& a, const base::Hash& b) {
  unsigned other = 0;
  for (std::size_t i = 0; i < a.size(); ++i) other |= static_cast<unsigned>(a.at(i) ^ b.at(i));
  return other == 0;
}

bool reaches(const Grant& grant, std::string_view key) {
  const std::string& prefix = grant.prefix;
  return prefix.empty() ||
         (key.starts_with(prefix) && (key.size() == prefix.size() || key[prefix.size()] == '/'));
}

}  // namespace

Right Pass::at(std::string_view key) const {
  Right right = Right::kNone;
  std::size_t longest = 0;
  for (const Grant& grant : grants) {
    if (!reaches(grant, key) || grant.prefix.size() < longest) continue;
    right = grant.prefix.size() > longest ? grant.right : std::max(right, grant.right);
    longest = grant.prefix.size();
  }
  return right;
}

Right Pass::anywhere() const {
  Right right = Right::kNone;
  for (const Grant& grant : grants) right = std::max(right, grant.right);
  return right;
}

struct Gate::Rep {
  explicit Rep(GateOptions how) : options(std::move(how)), issuers(options.net) {}

  struct Files {
    // Held by those who are using it, too: a reload puts another in its place.
    std::shared_ptr<const TokenTable> tokens;
    std::shared_ptr<const crypto::ServerContext> tls;
  };

  const GateOptions options;
  Issuers issuers;
  SessionTokens sessions;
  base::Guarded<Files> files;

  base::Result<Files> load() const;
};

base::Result<Gate::Rep::Files> Gate::Rep::load() const {
  Files loaded;
  if (!options.tokens_file.empty()) {
    auto tokens = load_tokens(options.tokens_file);
    if (!tokens) return tokens.error();
    loaded.tokens = *std::move(tokens);
  }
  if (!options.certificate_file.empty()) {
    auto tls = load_tls(options);
    if (!tls) return tls.error();
    loaded.tls = *std::move(tls);
  }
  return loaded;
}

Gate::Gate(std::unique_ptr<Rep> rep) : rep_(std::move(rep)) {}
Gate::~Gate() = default;

base::Result<std::unique_ptr<Gate>> Gate::open(GateOptions options) {
  auto rep = std::make_unique<Rep>(std::move(options));
  auto loaded = rep->load();
  if (!loaded) return loaded.error();
  *rep->files.lock() = *std::move(loaded);
  return std::unique_ptr<Gate>(new Gate(std::move(rep)));
}

void Gate::reload() {
  auto loaded = rep_->load();
  if (!loaded) {
    base::log(base::LogLevel::kWarning, "SIGHUP: {}; all stays as it was", loaded.error().message);
    return;
  }
  *rep_->files.lock() = *std::move(loaded);
  base::write_log_line("SIGHUP: tokens and certificates are read again");
}

std::function<std::shared_ptr<const crypto::ServerContext>()> Gate::tls() const {
  if (rep_->options.certificate_file.empty()) return {};
  return [&r = *rep_] { return r.files.lock()->tls; };
}

Pass Gate::pass_of(const http::Request& request) const {
  const auto table = rep_->files.lock()->tokens;
  if (!table) return {true, {{Right::kWrite, {}}}};
  const std::string token = credential_of(request);
  if (token.empty()) return {};
  const base::Hash hash = base::sha256(base::bytes_of(token));
  Pass pass;
  for (const TokenRow& row : table->tokens) {
    if (!same(row.token, hash)) continue;
    pass.known = true;
    pass.grants.push_back(row.grant);
  }
  if (pass.known) return pass;
  if (auto session = rep_->sessions.find(hash)) return *std::move(session);
  return rep_->issuers.pass_of(token, table->issuers);
}

void Gate::refuse(http::Exchange& exchange, const Pass& pass) {
  exchange.note("refused");
  if (pass.known) {
    http::send_line(exchange, 403, "this token may not");
  } else if (!exchange.request().authority.empty()) {
    exchange.send({407, {http::kPlainText, {"Proxy-Authenticate", "Basic realm=\"gopouch\""}}},
                  "a token is needed\n");
  } else {
    // Browsers, which look at the dashboard, ask for a password where they read "Basic".
    exchange.send({401,
                   {http::kPlainText,
                    {"WWW-Authenticate", "Bearer realm=\"gopouch\""},
                    {"WWW-Authenticate", "Basic realm=\"gopouch\""}}},
                  "a token is needed\n");
  }
}

http::Handler Gate::guarded(Right needed, http::Handler inner) const {
  return [this, needed, inner = std::move(inner)](http::Exchange& exchange) {
    const Pass pass = pass_of(exchange.request());
    if (pass.anywhere() >= needed) return inner(exchange);
    refuse(exchange, pass);
  };
}

void Gate::exchange_token(http::Exchange& exchange) const {
  if (exchange.request().method != "POST") {
    exchange.send({405, {http::kPlainText, {"Allow", "POST"}}}, "POST\n");
    return;
  }
  const auto table = rep_->files.lock()->tokens;
  Pass pass;
  if (table) {
    pass = rep_->issuers.pass_of(credential_of(exchange.request()), table->issuers);
  }
  if (!pass.known) return refuse(exchange, pass);
  rep_->sessions.give(exchange, std::move(pass));
}

}  // namespace gopouch::serve
