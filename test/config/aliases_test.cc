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
  } else if (row.setting == "not used") {
    EXPECT_EQ(settings.notes, Args{row.name + ": not used: no bucket is named"}) << shown;
  } else if (row.setting == "unsaid") {
    EXPECT_EQ(effective(settings, "remote"), " | default") << shown;
  } else if (row.setting != "to come") {
    EXPECT_EQ(effective(settings, row.setting),
              row.outcome + " | " + (flag ? "flag " : "") + row.name)
        << shown;
  }
}

TEST(Aliases, OfGobuildcacheAsFlags) {
  for (const Row& row :
       {Row{"-backend", "disk", "unsaid", ""},
        {"-backend", "Disk", "unsaid", ""},
        {"-backend", "s3", "remote", ": s3 needs a bucket; name it with -s3-bucket"},
        {"-backend", "GCS", "remote", ": gcs needs a bucket; name it with -gcs-bucket"},
        {"-backend", "tape", "remote", ": \"tape\" is none of disk, s3, gcs"},
        {"-cache-dir", "/x", "cache-dir", "/x"},
        {"-lock-type", "fslock", "ignored", ""},
        {"-lock-dir", "/x", "ignored", ""},
        {"-s3-bucket", "b", "remote", "s3://b/gobuildcache"},
        {"-s3-prefix", "p", "not used", ""},
        {"-s3-tmp-dir", "/x", "ignored", ""},
        {"-gcs-bucket", "b", "remote", "gs://b/gobuildcache"},
        {"-gcs-prefix", "p", "not used", ""},
        {"-debug", "", "log-level", "debug"},
        {"-debug", "true", "log-level", "debug"},
        {"-debug", "false", "log-level", "warning"},
        {"-debug", "maybe", "log-level", ": \"maybe\" is neither true nor false"},
        {"-stats", "", "stats", "true"},
        {"-stats", "false", "stats", "false"},
        {"-compression", "", "compression", "zstd"},
        {"-compression", "true", "compression", "zstd"},
        {"-compression", "false", "compression", "none"},
        {"-compression", "maybe", "compression", ": \"maybe\" is none of zstd, none"},
        {"-async-backend", "", "upload", "async"},
        {"-async-backend", "false", "upload", "sync"},
        {"-read-only", "", "read-only", "true"},
        {"-read-only", "false", "read-only", "false"},
        {"-error-rate", "0.0", "error-rate", "0.0"},
        {"-error-rate", "0.5", "error-rate", "0.5"}})
    check(row);
}

TEST(Aliases, OfGobuildcacheAsVariablesWithAndWithoutPrefix) {
  for (const Row& row :
       {Row{"BACKEND_TYPE", "DISK", "unsaid", ""},
        {"BACKEND_TYPE", "s3", "remote", ": s3 needs a bucket; name it with -s3-bucket"},
        {"BACKEND_TYPE", "tape", "remote", ": \"tape\" is none of disk, s3, gcs"},
        {"CACHE_DIR", "/x", "cache-dir", "/x"},
        {"LOCK_TYPE", "noop", "ignored", ""},
        {"LOCK_DIR", "/x", "ignored", ""},
        {"S3_TMP_DIR", "/x", "ignored", ""},
        {"DEBUG", "true", "log-level", "debug"},
        {"PRINT_STATS", "true", "stats", "true"},
        {"PRINT_STATS", "yes", "stats", "true"},
        {"PRINT_STATS", "0", "stats", "false"},
        {"COMPRESSION", "true", "compression", "zstd"},
        {"COMPRESSION", "no", "compression", "none"},
        {"ASYNC_BACKEND", "1", "upload", "async"},
        {"ASYNC_BACKEND", "0", "upload", "sync"},
        {"READ_ONLY", "false", "read-only", "false"},
        {"READ_ONLY", "true", "read-only", "true"},
        {"ERROR_RATE", "0", "error-rate", "0"},
        {"ERROR_RATE", "0.1", "error-rate", "0.1"},
        {"ERROR_RATE", "often", "error-rate", ": \"often\" is no number from 0 to 1"}}) {
    check(row);
    Row prefixed = row;
    prefixed.name = "GOBUILDCACHE_" + row.name;
    check(prefixed);
  }
  check({"GOBUILDCACHE_S3_BUCKET", "b", "remote", "s3://b/gobuildcache"});
  check({"GOBUILDCACHE_GCS_BUCKET", "b", "remote", "gs://b/gobuildcache"});
  check({"GOBUILDCACHE_S3_PREFIX", "p", "not used", ""});
  check(
      {"GOBUILDCACHE_BACKEND", "gcs", "remote", ": gcs needs a bucket; name it with -gcs-bucket"});
  check({"GOBUILDCACHE_AWS_REGION", "eu-1", "region", "eu-1"});
  check({"GOBUILDCACHE_AWS_S3_USE_PATH_STYLE", "true", "s3-path-style", "true"});
  check({"GOBUILDCACHE_AWS_S3_USE_PATH_STYLE", "false", "s3-path-style", "false"});
}

TEST(Aliases, OfGocacheS3) {
  for (const Row& row : {Row{"-bucket", "b", "remote", "s3://b/"},
                         {"-prefix", "p", "not used", ""},
                         {"-path-style", "", "s3-path-style", "true"},
                         {"-path-style", "false", "s3-path-style", "false"},
                         {"GOCACHE_S3_BUCKET", "b", "remote", "s3://b/"},
                         {"GOCACHE_S3_PREFIX", "p", "not used", ""},
                         {"GOCACHE_S3_PATH_STYLE", "1", "s3-path-style", "true"},
                         {"GOCACHE_S3_PATH_STYLE", "0", "s3-path-style", "false"}})
    check(row);
}

TEST(Aliases, OfGoCachePlugin) {
  for (const Row& row : {Row{"--cache-dir", "/x", "cache-dir", "/x"},
                         {"--bucket", "b", "remote", "s3://b/"},
                         {"--region", "eu-1", "region", "eu-1"},
                         {"--s3-endpoint-url", "http://h", "s3-endpoint-url", "http://h"},
                         {"--s3-path-style", "", "s3-path-style", "true"},
                         {"--prefix", "p", "not used", ""},
                         {"--min-upload-size", "0", "min-upload-size", "0"},
                         {"--min-upload-size", "1024", "min-upload-size", "1024"},
                         {"-c", "4", "concurrency", "4"},
                         {"-u", "4", "upload-concurrency", "4"},
                         {"--metrics", "", "stats", "true"},
                         {"--expiry", "24h", "max-age", "24h"},
                         {"-v", "", "log-level", "info"},
                         {"--debug", "0", "log-level", "warning"},
                         {"--debug", "1", "log-level", "debug"},
                         {"--debug", "7", "log-level", "debug"},
                         {"--plugin", "5930", "plugin", "5930"},
                         {"--http", "localhost:5970", "http", "localhost:5970"},
                         {"--modproxy", "", "modproxy", "true"},
                         {"--modproxy", "false", "modproxy", "false"},
                         {"--revproxy", "a.test,b.test", "revproxy", "a.test,b.test"},
                         {"--sumdb", "sum.test", "sumdb", "sum.test"},
                         {"GOCACHE_DIR", "/x", "cache-dir", "/x"},
                         {"GOCACHE_S3_BUCKET", "b", "remote", "s3://b/"},
                         {"GOCACHE_S3_REGION", "eu-1", "region", "eu-1"},
                         {"GOCACHE_S3_ENDPOINT_URL", "http://h", "s3-endpoint-url", "http://h"},
                         {"GOCACHE_S3_PATH_STYLE", "true", "s3-path-style", "true"},
                         {"GOCACHE_KEY_PREFIX", "p", "not used", ""},
                         {"GOCACHE_MIN_SIZE", "0", "min-upload-size", "0"},
                         {"GOCACHE_MIN_SIZE", "9", "min-upload-size", "9"},
                         {"GOCACHE_CONCURRENCY", "4", "concurrency", "4"},
                         {"GOCACHE_S3_CONCURRENCY", "4", "upload-concurrency", "4"},
                         {"GOCACHE_METRICS", "true", "stats", "true"},
                         {"GOCACHE_METRICS", "2", "stats", ": \"2\" is neither true nor false"},
                         {"GOCACHE_EXPIRY", "36h", "max-age", "36h"},
                         {"GOCACHE_VERBOSE", "true", "log-level", "info"},
                         {"GOCACHE_DEBUG", "0", "log-level", "warning"},
                         {"GOCACHE_DEBUG", "4", "log-level", "debug"},
                         {"GOCACHE_PLUGIN", "5930", "plugin", "5930"},
                         {"GOCACHE_HTTP", "localhost:80", "http", "localhost:80"},
                         {"GOCACHE_MODPROXY", "true", "modproxy", "true"},
                         {"GOCACHE_REVPROXY", "a.test", "revproxy", "a.test"},
                         {"GOCACHE_SUMDB", "sum.test", "sumdb", "sum.test"}})
    check(row);
}

TEST(Aliases, OfGocacheprog) {
  for (const Row& row : {Row{"-dir", "/x", "cache-dir", "/x"},
                         {"-r-urls", "localhost:6379", "remote", "redis://localhost:6379/"},
                         {"-r-usr", "u", "not used", ""},
                         {"-r-pwd", "hunter2", "not used", ""},
                         {"-r-prefix", "p", "not used", ""},
                         {"-log-metrics", "", "stats", "true"},
                         {"-log-req", "", "log-requests", "true"},
                         {"-log-resp", "", "log-responses", "true"},
                         {"-compress", "", "compression", "zstd"},
                         {"-traceprofile", "/x", "ignored", ""}})
    check(row);
}

// One remote from many pieces.
TEST(Aliases, PiecesMakeAUrl) {
  struct Made {
    Args args;
    Variables variables;
    std::string remote;
  };
  for (const Made& made : std::initializer_list<Made>{
           {{"-backend=s3", "-s3-bucket=b", "-s3-prefix=/p/q/"},
            {},
            "s3://b/p/q | flag -s3-bucket"},
           {{}, {{"BACKEND_TYPE", "s3"}, {"S3_BUCKET", "b"}}, "s3://b/gobuildcache | S3_BUCKET"},
           {{},
            {{"BACKEND_TYPE", "S3"}, {"S3_BUCKET", "b"}, {"S3_PREFIX", "a b?"}},
            "s3://b/a%20b%3F | S3_BUCKET"},
           {{},
            {{"S3_BUCKET", "b"}, {"GOBUILDCACHE_S3_BUCKET", "own"}},
            "s3://own/gobuildcache | GOBUILDCACHE_S3_BUCKET"},
           {{"-s3-bucket=flag"},
            {{"BACKEND_TYPE", "s3"}, {"S3_BUCKET", "b"}},
            "s3://flag/gobuildcache | flag -s3-bucket"},
           {{},
            {{"BACKEND", "gcs"}, {"GCS_BUCKET", "g"}, {"S3_BUCKET", "b"}},
            "gs://g/gobuildcache | GCS_BUCKET"},
           {{"--bucket", "b", "--prefix", "p"}, {}, "s3://b/p | flag --bucket"},
           {{},
            {{"GOCACHE_S3_BUCKET", "b"}, {"GOCACHE_KEY_PREFIX", "p"}},
            "s3://b/p | GOCACHE_S3_BUCKET"},
           {{"-r-urls=h:1", "-r-usr=u", "-r-pwd=hunter2", "-r-prefix=p"},
            {},
            "redis://h:1/p | flag -r-urls"},
           {{"-r-urls=h:1,g:2", "-r-prefix=/p/"}, {}, "redis://h:1,g:2/p | flag -r-urls"},
           {{"-s3-bucket=b"},
            {{"GOPOUCH_REMOTE", "s3://other"}},
            "s3://b/gobuildcache | flag -s3-bucket"},
           {{"--remote=s3://mine"},
            {{"BACKEND_TYPE", "s3"}, {"S3_BUCKET", "b"}},
            "s3://mine | flag --remote"},
           // Under a layout keys follow just what its program puts before them.
           {{"--layout=gobuildcache", "-s3-bucket=b"}, {}, "s3://b/gobuildcache | flag -s3-bucket"},
           {{"--layout=gobuildcache", "-s3-bucket=b", "-s3-prefix=p/"},
            {},
            "s3://b/p | flag -s3-bucket"},
           {{"--layout=gobuildcache", "-s3-bucket=b", "-s3-prefix=p"},
            {},
            "s3://b/p?raw-prefix=true | flag -s3-bucket"},
           {{"--layout=gocache-s3", "-bucket=b", "-prefix=p"}, {}, "s3://b/p | flag -bucket"},
           {{"--layout=gocache-s3", "-bucket=b", "-prefix=/p/"},
            {},
            "s3://b//p//?raw-prefix=true | flag -bucket"},
           {{"--layout=go-cache-plugin", "-bucket=b", "-prefix=p//q/"},
            {},
            "s3://b/p/q | flag -bucket"},
           {{"--layout=gocacheprog", "-r-urls=h:1"}, {}, "redis://h:1/gocacheprog | flag -r-urls"},
           {{"--layout=gocacheprog", "-r-urls=h:1", "-r-prefix=/p/"},
            {},
            "redis://h:1/gocacheprog/p | flag -r-urls"},
           {{"-backend=disk", "-s3-bucket=b"}, {}, " | default"}}) {
    EXPECT_EQ(effective(load(made.args, made.variables), "remote"), made.remote);
  }
  EXPECT_EQ(load({"-r-urls=h:1", "-r-usr=u", "-r-pwd=hunter2"}).remotes,
            Args{"redis://u:hunter2@h:1/"});
  EXPECT_EQ(load({"--remote=s3://mine"}, {{"S3_BUCKET", "b"}}).warnings,
            Args{"remote: --remote and S3_BUCKET disagree; --remote counts"});
  EXPECT_EQ(refusal({"-s3-bucket=a", "-gcs-bucket=b"}),
            "-s3-bucket and -gcs-bucket name two buckets; choose with -backend s3 or gcs");
}

TEST(Aliases, KeysOfGobuildcacheAreVariablesOnly) {
  const Settings settings = load({}, {{"GOBUILDCACHE_AWS_ACCESS_KEY_ID", "id"},
                                      {"GOBUILDCACHE_AWS_SECRET_ACCESS_KEY", "hunter2"},
                                      {"GOBUILDCACHE_AWS_SESSION_TOKEN", "token"}});
  EXPECT_EQ(settings.object.access_key_id, "id");
  EXPECT_EQ(settings.object.secret_access_key.reveal(), "hunter2");
  EXPECT_EQ(settings.object.session_token.reveal(), "token");
  EXPECT_EQ(refusal({}, {{"GOBUILDCACHE_AWS_SECRET_ACCESS_KEY", "hunter2"}}),
            "GOBUILDCACHE_AWS_ACCESS_KEY_ID and GOBUILDCACHE_AWS_SECRET_ACCESS_KEY: set both or "
            "none");
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
