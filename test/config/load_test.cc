// Which of the things said counts, and what comes of it.
#include <unistd.h>

#include <filesystem>

#include "test/config/fixture.h"

namespace gopouch::config {
namespace {

using test::Args;
using test::effective;
using test::has;
using test::load;
using test::refusal;
using test::TempDir;
using test::Variables;

TEST(Load, WithoutAWordIsTheProtocolWithDefaults) {
  const Settings settings = load({});
  EXPECT_EQ(settings.command, "");
  EXPECT_EQ(settings.store.dir, "/nowhere/.cache/go-build");
  EXPECT_EQ(settings.store.fallback_dir, "/tmp/gopouch-" + std::to_string(::getuid()));
  EXPECT_EQ(settings.store.verify, store::Verify::kAuto);
  EXPECT_EQ(settings.store.max_age, store::Options().max_age);
  EXPECT_EQ(settings.store.limit, store::Options().limit);
  EXPECT_EQ(settings.log_level, base::LogLevel::kWarning);
  EXPECT_FALSE(settings.stats || settings.log_requests || settings.log_responses || settings.help);
  EXPECT_EQ(settings.warnings, Args());
  EXPECT_EQ(settings.notes, Args());
  EXPECT_EQ(settings.effective.size(), 66U);
  EXPECT_EQ(effective(settings, "cache-limit"), "20GB | default");
}

TEST(Load, EverySettingLands) {
  const Settings settings = load({"--cache-dir=/c", "--fallback-dir=/f", "--verify=never",
                                  "--max-age=1d", "--cache-limit=1MiB", "--stats",
                                  "--log-level=info", "--log-requests", "--log-responses"});
  EXPECT_EQ(settings.store.dir, "/c");
  EXPECT_EQ(settings.store.fallback_dir, "/f");
  EXPECT_EQ(settings.store.verify, store::Verify::kNever);
  EXPECT_EQ(settings.store.max_age, std::chrono::hours(24));
  EXPECT_EQ(settings.store.limit, 1 << 20);
  EXPECT_EQ(settings.log_level, base::LogLevel::kInfo);
  EXPECT_TRUE(settings.stats && settings.log_requests && settings.log_responses);
}

TEST(Load, EachWordOfAnEnumIsItsOwn) {
  EXPECT_EQ(load({"-verify=auto"}).store.verify, store::Verify::kAuto);
  EXPECT_EQ(load({"-verify=always"}).store.verify, store::Verify::kAlways);
  EXPECT_EQ(load({"-log-level=error"}).log_level, base::LogLevel::kError);
  EXPECT_EQ(load({"-log-level=warning"}).log_level, base::LogLevel::kWarning);
  EXPECT_EQ(load({"-log-level=debug"}).log_level, base::LogLevel::kDebug);
}

// One way of saying cache-dir = /<place> for each place, the first counting most.
TEST(Load, AnEarlierPlaceCountsBeforeALaterOne) {
  const TempDir temp;
  const std::string file = (temp / "config.toml").native();
  test::write(file, "cache-dir = \"/file\"");
  struct Place {
    const char* name;
    std::string value;
  };
  const std::vector<Place> places{{"", "/flag"},
                                  {"GOPOUCH_CACHE_DIR", "/own"},
                                  {"GOBUILDCACHE_CACHE_DIR", "/prefixed"},
                                  {"GOCACHE_DIR", "/other"},
                                  {"CACHE_DIR", "/bare"},
                                  {"GOPOUCH_CONFIG", file},
                                  {"GOCACHE", "/default"}};
  for (std::size_t first = 0; first < places.size(); ++first) {
    for (std::size_t second = first; second < places.size(); ++second) {
      Args args;
      Variables variables{{"BACKEND_TYPE", "disk"}};
      for (const Place& place : {places[first], places[second]}) {
        if (*place.name != '\0') variables.emplace(place.name, place.value);
      }
      if (first == 0) args = {"--cache-dir=/flag"};
      const Settings settings = load(args, variables);
      EXPECT_EQ(settings.store.dir, places[first].value == file ? "/file" : places[first].value)
          << places[first].name << " and " << places[second].name;
      // The file and the default are there to be overridden.
      EXPECT_EQ(settings.warnings.size(), first != second && second <= 4 ? 1U : 0U)
          << places[first].name << " and " << places[second].name;
    }
  }
}

TEST(Load, AnEmptyValueFallsThrough) {
  const Settings settings =
      load({"--cache-dir="},
           {{"GOPOUCH_CACHE_DIR", ""}, {"GOBUILDCACHE_CACHE_DIR", ""}, {"GOCACHE_DIR", "/other"}});
  EXPECT_EQ(effective(settings, "cache-dir"), "/other | GOCACHE_DIR");
  EXPECT_EQ(load({}, {{"GOBUILDCACHE_BACKEND_TYPE", ""}, {"S3_BUCKET", ""}}).warnings, Args());
}

TEST(Load, OfTwoFlagsTheLaterCounts) {
  EXPECT_EQ(effective(load({"-cache-dir=/a", "--cache-dir=/b"}), "cache-dir"),
            "/b | flag --cache-dir");
  EXPECT_EQ(load({"-cache-dir=/a", "--cache-dir=/b"}).warnings, Args());
  EXPECT_EQ(effective(load({"-dir=/a", "-cache-dir=/b"}), "cache-dir"), "/b | flag -cache-dir");
  EXPECT_EQ(effective(load({"-cache-dir=/b", "-dir=/a"}), "cache-dir"), "/a | flag -dir");
}

TEST(Load, TwoNamesThatDisagreeAreNamedOnce) {
  EXPECT_EQ(load({"-dir=/a"}, {{"GOPOUCH_CACHE_DIR", "/b"}}).warnings,
            Args{"cache-dir: -dir and GOPOUCH_CACHE_DIR disagree; -dir counts"});
  EXPECT_EQ(
      load({},
           {{"GOPOUCH_CACHE_DIR", "/b"}, {"GOCACHE_DIR", "/c"}, {"GOBUILDCACHE_CACHE_DIR", "/d"}})
          .warnings,
      Args{"cache-dir: GOPOUCH_CACHE_DIR and GOBUILDCACHE_CACHE_DIR, GOCACHE_DIR disagree; "
           "GOPOUCH_CACHE_DIR counts"});
  EXPECT_EQ(load({"--cache-limit=1kB"}, {{"GOPOUCH_CACHE_LIMIT", "1000"}}).warnings, Args());
  EXPECT_EQ(load({"-debug"}, {{"DEBUG", "true"}}).warnings, Args());
}

TEST(Load, LogSwitchesOfOnePlaceAreOneWish) {
  for (const Args& args : {Args{"-v", "--debug", "1"}, {"--debug", "1", "-v"}}) {
    const Settings settings = load(args);
    EXPECT_EQ(settings.log_level, base::LogLevel::kDebug);
    EXPECT_EQ(settings.warnings, Args());
  }
  EXPECT_EQ(load({}, {{"GOCACHE_VERBOSE", "true"}, {"GOCACHE_DEBUG", "0"}}).log_level,
            base::LogLevel::kInfo);
  // As in that program, its flag turns off what its variable turns on.
  EXPECT_EQ(load({"-debug=false"}, {{"GOBUILDCACHE_DEBUG", "true"}}).log_level,
            base::LogLevel::kWarning);
}

TEST(Load, BareNamesNeedABackend) {
  const Variables bare{{"CACHE_DIR", "/x"},     {"PRINT_STATS", "true"},
                       {"READ_ONLY", "true"},   {"COMPRESSION", "none of your business"},
                       {"ERROR_RATE", "often"}, {"LOCK_TYPE", "x"},
                       {"BACKEND", "postgres"}, {"AWS_S3_USE_PATH_STYLE", "true"},
                       {"S3_PREFIX", "x"}};
  const Settings settings = load({}, bare);
  EXPECT_EQ(effective(settings, "cache-dir"), "/nowhere/.cache/go-build | default, by HOME");
  EXPECT_FALSE(settings.stats);
  EXPECT_EQ(settings.notes, Args());
  for (const auto& [name, value] : Variables{{"BACKEND_TYPE", "disk"}, {"BACKEND", "disk"}}) {
    EXPECT_EQ(load({}, {{name, value}, {"CACHE_DIR", "/x"}}).store.dir, "/x") << name;
  }
  // BACKEND is a word of others too; BACKEND_TYPE is not.
  EXPECT_EQ(refusal({}, {{"BACKEND_TYPE", "disk"}, {"BACKEND", "postgres"}}), "");
  // Not chosen by a name with a prefix, nor by a flag.
  EXPECT_FALSE(load({"-backend=disk"}, {{"PRINT_STATS", "true"}}).stats);
  EXPECT_FALSE(load({}, {{"GOBUILDCACHE_BACKEND_TYPE", "disk"}, {"PRINT_STATS", "true"}}).stats);
}

TEST(Load, DebugCountsAloneAndAsOneWordOnly) {
  EXPECT_EQ(load({}, {{"DEBUG", "true"}}).log_level, base::LogLevel::kDebug);
  for (const char* word : {"1", "TRUE", "yes", "*", "app:*", "false", ""}) {
    EXPECT_EQ(load({}, {{"DEBUG", word}}).log_level, base::LogLevel::kWarning) << word;
    EXPECT_EQ(load({}, {{"DEBUG", word}, {"BACKEND_TYPE", "disk"}}).log_level,
              base::LogLevel::kWarning)
        << word;
  }
}

TEST(Load, GobuildcachesBoolsAreItsOwn) {
  // With the prefix, what is no bool is passed over; without it, it means false.
  EXPECT_EQ(effective(load({}, {{"GOBUILDCACHE_PRINT_STATS", "maybe"},
                                {"PRINT_STATS", "true"},
                                {"BACKEND_TYPE", "disk"}}),
                      "stats"),
            "true | PRINT_STATS");
  EXPECT_EQ(effective(load({}, {{"PRINT_STATS", "maybe"}, {"BACKEND_TYPE", "disk"}}), "stats"),
            "false | PRINT_STATS");
  EXPECT_FALSE(load({}, {{"GOBUILDCACHE_PRINT_STATS", "on"}}).stats);
  EXPECT_EQ(refusal({}, {{"GOBUILDCACHE_READ_ONLY", "maybe"}}), "");
  EXPECT_EQ(refusal({}, {{"GOPOUCH_STATS", "maybe"}}),
            "GOPOUCH_STATS: \"maybe\" is neither true nor false");
}

TEST(Load, ItsLocalDiskNeedsNoBuckets) {
  const Settings settings = load({}, {{"BACKEND_TYPE", "disk"},
                                      {"S3_BUCKET", "b"},
                                      {"S3_PREFIX", "p"},
                                      {"GCS_PREFIX", "p"},
                                      {"AWS_S3_USE_PATH_STYLE", "true"},
                                      {"GOBUILDCACHE_AWS_REGION", "eu-1"}});
  std::string names;
  for (const auto& note : settings.notes) {
    EXPECT_TRUE(note.ends_with(": not used: BACKEND_TYPE is disk")) << note;
    names += note.substr(0, note.find(':')) + " ";
  }
  EXPECT_EQ(names, "GOBUILDCACHE_AWS_REGION S3_BUCKET S3_PREFIX GCS_PREFIX AWS_S3_USE_PATH_STYLE ");
  EXPECT_EQ(settings.warnings, Args());
  EXPECT_EQ(refusal({"-backend=disk"}, {{"GOBUILDCACHE_S3_BUCKET", "b"}}), "");
  // A choice that counts more.
  EXPECT_TRUE(has(refusal({"-backend=s3"}, {{"BACKEND_TYPE", "disk"}}), "needs a bucket"));
  // The buckets of other programs are not its business.
  EXPECT_EQ(load({}, {{"BACKEND_TYPE", "disk"}, {"GOCACHE_S3_BUCKET", "b"}}).remotes,
            Args{"s3://b/"});
}

TEST(Load, ABadValueIsRefusedEvenWhereAnotherCounts) {
  EXPECT_EQ(refusal({"--cache-limit=1GB"}, {{"GOPOUCH_CACHE_LIMIT", "x"}}),
            "GOPOUCH_CACHE_LIMIT: \"x\" is no size (such as 20GB, 500MiB, 0)");
}

TEST(Load, WhatIsToComeIsRefusedInOneLine) {
  EXPECT_EQ(refusal({}, {{"GOPOUCH_SIGN_KEY", "hunter2"}}),
            "GOPOUCH_SIGN_KEY: this version has no signatures yet; remove it");
  EXPECT_EQ(refusal({"--sign-key", ""}), "");
  // What counts is asked, and nothing else.
  EXPECT_EQ(refusal({"--http-cache=false"}, {{"GOPOUCH_HTTP_CACHE", "true"}}), "");
}

TEST(Load, RemotesStandInTheirOrder) {
  using Words = std::vector<std::string>;
  EXPECT_EQ(load({}).remotes, Words{});
  EXPECT_EQ(load({"--remote=file:///shared"}).remotes, Words{"file:///shared"});
  const Words two{"s3://b/pr-1", "s3://b/main?mode=ro"};
  EXPECT_EQ(load({"--remote", two[0], "--stats", "-remote=" + two[1]}).remotes, two);
  EXPECT_EQ(load({"--remote", two[0] + "," + two[1]}).remotes, two);
  EXPECT_EQ(load({}, {{"GOPOUCH_REMOTE", two[0] + "," + two[1]}}).remotes, two);
  // A flag stands before the variable, and does not add to it.
  EXPECT_EQ(load({"--remote=file:///a"}, {{"GOPOUCH_REMOTE", two[0]}}).remotes, Words{"file:///a"});
  // Hosts of one URL.
  EXPECT_EQ(load({"--remote=redis://a:1,b:2/x,s3://b", "--remote=redis://c,d/?ca=a://b"}).remotes,
            (Words{"redis://a:1,b:2/x", "s3://b", "redis://c,d/?ca=a://b"}));
  EXPECT_EQ(effective(load({"--remote=redis://u:secret@a,b/x,redis://u:p,w@c"}), "remote"),
            "redis://a,b/x,redis://c | flag --remote");
  std::string many = "file:///x";
  for (int i = 0; i < 8; ++i) many += ",file:///x";
  EXPECT_EQ(refusal({"--remote=" + many}), "remote: 9 are named; 8 are the most");
}

TEST(Load, AListGrowsWithEachOfItsFlags) {
  EXPECT_EQ(load({"--s3-tags=a=b", "--s3-tags=c=d,e=f"}).object.s3_tags,
            (std::vector<std::string>{"a=b", "c=d", "e=f"}));
}

TEST(Load, WhatARemoteNeedsReachesIt) {
  const Settings settings =
      load({"--read-only", "--error-rate=0.25", "--s3-tags=a=b,c=d", "-u=3", "--concurrency=0",
            "--redis-ttl=12h", "--flush-timeout=1500ms", "--upload=sync", "--compression=none",
            "--cache-dir=/x", "--prefetch=demand", "--prefetch-limit=1GB", "--scope=ci"},
           {{"AWS_CA_BUNDLE", "/ca.pem"}, {"AWS_REGION", "eu-1"}});
  EXPECT_TRUE(settings.object.read_only);
  EXPECT_EQ(settings.sharing.packs.prefetch, pack::Prefetch::kDemand);
  EXPECT_EQ(settings.sharing.packs.limit, 1'000'000'000);
  EXPECT_EQ(settings.scope, "ci");
  EXPECT_EQ(settings.object.redis_ttl, std::chrono::hours(12));
  EXPECT_DOUBLE_EQ(settings.object.error_rate, 0.25);
  EXPECT_EQ(settings.object.s3_tags, (Args{"a=b", "c=d"}));
  EXPECT_EQ(settings.object.net.ca_file, "/ca.pem");
  EXPECT_EQ(settings.object.env("AWS_REGION"), "eu-1");
  EXPECT_EQ(settings.sharing.upload_concurrency, 3U);
  EXPECT_EQ(settings.sharing.temp_dir, "/x");
  EXPECT_FALSE(settings.sharing.compress);
  EXPECT_EQ(settings.session.fetches, 64U);
  EXPECT_TRUE(settings.session.sync_uploads);
  EXPECT_EQ(settings.flush_timeout, std::chrono::milliseconds(1500));
}

TEST(Load, ACiWaitsForItsUploads) {
  EXPECT_EQ(effective(load({}), "flush"), "auto | default");
  EXPECT_EQ(effective(load({}, {{"CI", "false"}}), "flush"), "auto | default");
  const Settings settings = load({}, {{"CI", "1"}});
  EXPECT_EQ(effective(settings, "flush"), "wait | CI");
  EXPECT_EQ(settings.flush, Flush::kWait);
  EXPECT_EQ(load({"--flush=background"}, {{"CI", "true"}}).flush, Flush::kBackground);
}

TEST(Load, ALimitOfZeroIsNone) {
  EXPECT_EQ(load({"--cache-limit=0"}).store.limit, 0);
  EXPECT_GT(load({"--max-age=0"}).store.max_age, std::chrono::hours(24 * 365 * 50));
  EXPECT_GT(load({"--expiry=0"}).store.max_age, std::chrono::hours(24 * 365 * 50));
  EXPECT_EQ(load({"--max-age=1ns"}).store.max_age, std::chrono::seconds(1));
}

TEST(Load, TheCacheFolderIsGosUnlessSaidOtherwise) {
  const auto dir = [](const Variables& variables) {
    return effective(load({}, variables), "cache-dir");
  };
  EXPECT_EQ(dir({{"GOCACHE", "/go//cache/"}, {"XDG_CACHE_HOME", "/xdg"}}),
            "/go/cache | default, by GOCACHE");
  EXPECT_EQ(dir({{"GOCACHE", "off"}, {"XDG_CACHE_HOME", "/xdg"}}),
            "/xdg/go-build | default, by XDG_CACHE_HOME");
  EXPECT_EQ(dir({{"XDG_CACHE_HOME", "xdg"}, {"HOME", "/home/u"}}),
            "/home/u/.cache/go-build | default, by HOME");
  EXPECT_EQ(
      refusal({}, {{"HOME", ""}}),
      "cache-dir: neither GOCACHE nor XDG_CACHE_HOME nor HOME names a folder; give --cache-dir");
  EXPECT_EQ(refusal({"--cache-dir=/x"}, {{"HOME", ""}}), "");
}

TEST(Load, AFolderBecomesAbsolute) {
  const std::string here = std::filesystem::current_path().native();
  EXPECT_EQ(load({"--cache-dir=a/./b//"}).store.dir, here + "/a/b");
  EXPECT_EQ(load({"--cache-dir=../x"}).store.dir, here + "/../x");
  EXPECT_EQ(load({"--cache-dir=."}).store.dir, here);
  EXPECT_EQ(load({"--cache-dir=/"}).store.dir, "/");
  EXPECT_EQ(load({"--cache-dir=~/x"}, {{"HOME", "/home/u"}}).store.dir, "/home/u/x");
  EXPECT_EQ(load({"--cache-dir=~"}, {{"HOME", "/home/u"}}).store.dir, "/home/u");
  EXPECT_EQ(load({"--cache-dir=~x"}).store.dir, here + "/~x");
  EXPECT_EQ(refusal({"--cache-dir=~/x"}, {{"HOME", ""}}), "\"~/x\": HOME is not set");
}

TEST(Load, TheFallbackFolderIsInTmpdirOrNowhere) {
  EXPECT_EQ(load({}, {{"TMPDIR", "/t/"}}).store.fallback_dir,
            "/t/gopouch-" + std::to_string(::getuid()));
  EXPECT_EQ(load({"--fallback-dir=none"}).store.fallback_dir, "");
  EXPECT_EQ(effective(load({"--fallback-dir=none"}), "fallback-dir"), "none | flag --fallback-dir");
}

TEST(Load, TheStepSummaryIsGitHubs) {
  EXPECT_EQ(load({}, {{"GITHUB_ACTIONS", "true"}, {"GITHUB_STEP_SUMMARY", "/s"}}).step_summary,
            "/s");
  EXPECT_EQ(load({}, {{"GITHUB_STEP_SUMMARY", "/s"}}).step_summary, "");
}

}  // namespace
}  // namespace gopouch::config
