// Every flag and variable of gobuildcache, gocache-s3, go-cache-plugin and gocacheprog.
#include "config/aliases.h"

#include <set>

#include "test/config/fixture.h"

namespace gopouch::config {
namespace {

using test::Args;
using test::effective;
using test::load;
using test::refusal;
using test::Variables;

constexpr const char* kNoRemotes = ": this version has no remotes yet; remove it";
constexpr const char* kNoServer = ": this version has no server yet; remove it";

// What comes of one name with one value, given as a flag with and without "=", or as a variable.
struct Row {
  std::string name;   // "-dir" or "GOCACHE_DIR"
  std::string value;  // empty: a flag without one
  std::string setting;
  std::string outcome;  // the setting's value; or what it is refused with, after the name
};

// Variables that count only where the backend was chosen in this way.
bool is_bare(const std::string& name) {
  for (const Name& alias : aliases()) {
    if (alias.place == Place::kBare && alias.name == name) return name != "BACKEND_TYPE";
  }
  return false;
}

void check(const Row& row) {
  const bool flag = row.name.starts_with('-');
  const std::string shown = row.name + "=" + row.value;
  Args args;
  Variables variables;
  if (flag) {
    args = {row.value.empty() ? row.name : shown};
  } else {
    variables = {{row.name, row.value}};
    if (is_bare(row.name)) variables.emplace("BACKEND_TYPE", "disk");
  }
  if (row.outcome.starts_with(":")) {
    EXPECT_EQ(refusal(args, variables), row.name + row.outcome) << shown;
    return;
  }
  ASSERT_EQ(refusal(args, variables), "") << shown;
  const Settings settings = load(args, variables);
  EXPECT_EQ(settings.warnings, Args()) << shown;
  if (row.setting == "ignored") {
    EXPECT_EQ(settings.notes.size(), 1U) << shown;
    EXPECT_TRUE(settings.notes.at(0).starts_with(row.name + ": accepted and ignored: ")) << shown;
  } else if (row.setting != "to come") {
    EXPECT_EQ(effective(settings, row.setting),
              row.outcome + " | " + (flag ? "flag " : "") + row.name)
        << shown;
  }
}

TEST(Aliases, OfGobuildcacheAsFlags) {
  for (const Row& row :
       {Row{"-backend", "disk", "to come", ""},
        {"-backend", "Disk", "to come", ""},
        {"-backend", "s3", "remote", kNoRemotes},
        {"-backend", "GCS", "remote", kNoRemotes},
        {"-backend", "tape", "remote", ": \"tape\" is none of disk, s3, gcs"},
        {"-cache-dir", "/x", "cache-dir", "/x"},
        {"-lock-type", "fslock", "ignored", ""},
        {"-lock-dir", "/x", "ignored", ""},
        {"-s3-bucket", "b", "remote", kNoRemotes},
        {"-s3-prefix", "p", "remote", kNoRemotes},
        {"-s3-tmp-dir", "/x", "ignored", ""},
        {"-gcs-bucket", "b", "remote", kNoRemotes},
        {"-gcs-prefix", "p", "remote", kNoRemotes},
        {"-debug", "", "log-level", "debug"},
        {"-debug", "true", "log-level", "debug"},
        {"-debug", "false", "log-level", "warning"},
        {"-debug", "maybe", "log-level", ": \"maybe\" is neither true nor false"},
        {"-stats", "", "stats", "true"},
        {"-stats", "false", "stats", "false"},
        {"-compression", "", "to come", ""},
        {"-compression", "true", "to come", ""},
        {"-compression", "false", "compression", kNoRemotes},
        {"-compression", "maybe", "compression", ": \"maybe\" is none of zstd, none"},
        {"-async-backend", "", "to come", ""},
        {"-async-backend", "false", "upload", kNoRemotes},
        {"-read-only", "", "read-only", kNoRemotes},
        {"-read-only", "false", "to come", ""},
        {"-error-rate", "0.0", "to come", ""},
        {"-error-rate", "0.5", "error-rate", kNoRemotes}})
    check(row);
}

TEST(Aliases, OfGobuildcacheAsVariablesWithAndWithoutPrefix) {
  for (const Row& row :
       {Row{"BACKEND_TYPE", "DISK", "to come", ""},
        {"BACKEND_TYPE", "s3", "remote", kNoRemotes},
        {"BACKEND_TYPE", "tape", "remote", ": \"tape\" is none of disk, s3, gcs"},
        {"CACHE_DIR", "/x", "cache-dir", "/x"},
        {"LOCK_TYPE", "noop", "ignored", ""},
        {"LOCK_DIR", "/x", "ignored", ""},
        {"S3_TMP_DIR", "/x", "ignored", ""},
        {"DEBUG", "true", "log-level", "debug"},
        {"PRINT_STATS", "true", "stats", "true"},
        {"PRINT_STATS", "yes", "stats", "true"},
        {"PRINT_STATS", "0", "stats", "false"},
        {"COMPRESSION", "true", "to come", ""},
        {"COMPRESSION", "no", "compression", kNoRemotes},
        {"ASYNC_BACKEND", "1", "to come", ""},
        {"ASYNC_BACKEND", "0", "upload", kNoRemotes},
        {"READ_ONLY", "false", "to come", ""},
        {"READ_ONLY", "true", "read-only", kNoRemotes},
        {"ERROR_RATE", "0", "to come", ""},
        {"ERROR_RATE", "0.1", "error-rate", kNoRemotes},
        {"ERROR_RATE", "often", "error-rate", ": \"often\" is no number from 0 to 1"}}) {
    check(row);
    Row prefixed = row;
    prefixed.name = "GOBUILDCACHE_" + row.name;
    check(prefixed);
  }
  for (const char* name : {"S3_BUCKET", "S3_PREFIX", "GCS_BUCKET", "GCS_PREFIX"})
    check({std::string("GOBUILDCACHE_") + name, "b", "remote", kNoRemotes});
  for (const char* name : {"S3_BUCKET", "GCS_BUCKET"}) {
    EXPECT_EQ(refusal({}, {{name, "b"}}), name + std::string(kNoRemotes));
  }
  EXPECT_EQ(refusal({}, {{"BACKEND", "s3"}}), "BACKEND" + std::string(kNoRemotes));
  check({"GOBUILDCACHE_BACKEND", "gcs", "remote", kNoRemotes});
  check({"GOBUILDCACHE_AWS_REGION", "eu-1", "region", kNoRemotes});
  check({"GOBUILDCACHE_AWS_S3_USE_PATH_STYLE", "true", "s3-path-style", kNoRemotes});
  check({"GOBUILDCACHE_AWS_S3_USE_PATH_STYLE", "false", "to come", ""});
  for (const char* name : {"ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN"})
    check({std::string("GOBUILDCACHE_AWS_") + name, "hunter2", "ignored", ""});
}

TEST(Aliases, OfGocacheS3) {
  for (const Row& row : {Row{"-bucket", "b", "remote", kNoRemotes},
                         {"-prefix", "p", "remote", kNoRemotes},
                         {"-path-style", "", "s3-path-style", kNoRemotes},
                         {"-path-style", "false", "to come", ""},
                         {"GOCACHE_S3_BUCKET", "b", "remote", kNoRemotes},
                         {"GOCACHE_S3_PREFIX", "p", "remote", kNoRemotes},
                         {"GOCACHE_S3_PATH_STYLE", "1", "s3-path-style", kNoRemotes},
                         {"GOCACHE_S3_PATH_STYLE", "0", "to come", ""}})
    check(row);
}

TEST(Aliases, OfGoCachePlugin) {
  for (const Row& row : {Row{"--cache-dir", "/x", "cache-dir", "/x"},
                         {"--bucket", "b", "remote", kNoRemotes},
                         {"--region", "eu-1", "region", kNoRemotes},
                         {"--s3-endpoint-url", "http://h", "s3-endpoint-url", kNoRemotes},
                         {"--s3-path-style", "", "s3-path-style", kNoRemotes},
                         {"--prefix", "p", "remote", kNoRemotes},
                         {"--min-upload-size", "0", "to come", ""},
                         {"--min-upload-size", "1024", "min-upload-size", kNoRemotes},
                         {"-c", "4", "concurrency", kNoRemotes},
                         {"-u", "4", "upload-concurrency", kNoRemotes},
                         {"--metrics", "", "stats", "true"},
                         {"--expiry", "24h", "max-age", "24h"},
                         {"-v", "", "log-level", "info"},
                         {"--debug", "0", "log-level", "warning"},
                         {"--debug", "1", "log-level", "debug"},
                         {"--debug", "7", "log-level", "debug"},
                         {"--plugin", "5930", "plugin", kNoServer},
                         {"--http", "localhost:5970", "http", kNoServer},
                         {"--modproxy", "", "modproxy", kNoServer},
                         {"--modproxy", "false", "to come", ""},
                         {"--revproxy", "a.test,b.test", "revproxy", kNoServer},
                         {"--sumdb", "sum.test", "sumdb", kNoServer},
                         {"GOCACHE_DIR", "/x", "cache-dir", "/x"},
                         {"GOCACHE_S3_BUCKET", "b", "remote", kNoRemotes},
                         {"GOCACHE_S3_REGION", "eu-1", "region", kNoRemotes},
                         {"GOCACHE_S3_ENDPOINT_URL", "http://h", "s3-endpoint-url", kNoRemotes},
                         {"GOCACHE_S3_PATH_STYLE", "true", "s3-path-style", kNoRemotes},
                         {"GOCACHE_KEY_PREFIX", "p", "remote", kNoRemotes},
                         {"GOCACHE_MIN_SIZE", "0", "to come", ""},
                         {"GOCACHE_MIN_SIZE", "9", "min-upload-size", kNoRemotes},
                         {"GOCACHE_CONCURRENCY", "4", "concurrency", kNoRemotes},
                         {"GOCACHE_S3_CONCURRENCY", "4", "upload-concurrency", kNoRemotes},
                         {"GOCACHE_METRICS", "true", "stats", "true"},
                         {"GOCACHE_METRICS", "2", "stats", ": \"2\" is neither true nor false"},
                         {"GOCACHE_EXPIRY", "36h", "max-age", "36h"},
                         {"GOCACHE_VERBOSE", "true", "log-level", "info"},
                         {"GOCACHE_DEBUG", "0", "log-level", "warning"},
                         {"GOCACHE_DEBUG", "4", "log-level", "debug"},
                         {"GOCACHE_PLUGIN", "5930", "plugin", kNoServer},
                         {"GOCACHE_HTTP", ":80", "http", kNoServer},
                         {"GOCACHE_MODPROXY", "true", "modproxy", kNoServer},
                         {"GOCACHE_REVPROXY", "a.test", "revproxy", kNoServer},
                         {"GOCACHE_SUMDB", "sum.test", "sumdb", kNoServer}})
    check(row);
}

TEST(Aliases, OfGocacheprog) {
  for (const Row& row : {Row{"-dir", "/x", "cache-dir", "/x"},
                         {"-r-urls", "localhost:6379", "remote", kNoRemotes},
                         {"-r-usr", "u", "remote", kNoRemotes},
                         {"-r-pwd", "hunter2", "remote", kNoRemotes},
                         {"-r-prefix", "p", "remote", kNoRemotes},
                         {"-log-metrics", "", "stats", "true"},
                         {"-log-req", "", "log-requests", "true"},
                         {"-log-resp", "", "log-responses", "true"},
                         {"-compress", "", "to come", ""},
                         {"-traceprofile", "/x", "ignored", ""}})
    check(row);
}

TEST(Aliases, EachIsThereOnceAndMeansASettingOrNothing) {
  std::set<std::pair<bool, std::string_view>> names;
  for (const Name& name : aliases()) {
    EXPECT_TRUE(names.insert({name.place == Place::kFlag, name.name}).second) << name.name;
    EXPECT_EQ(find_key(name.key) == nullptr, name.words == Words::kIgnored) << name.name;
  }
}

}  // namespace
}  // namespace gopouch::config
