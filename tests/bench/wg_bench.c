/* wg-bench measures the cost of training steps and other workloads and prints one line of JSON per workload, number of threads
   and mode; see usage(). torch_bench.py measures PyTorch in the same way, and compare shows both side by side.

   Times are microseconds per step: minimum, median and maximum over samples, each a block of steps of at least 2 ms. The first
   four steps are reported separately: loss0 and loss3, of the first and the fourth, show whether both sides compute the same. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "timing.h"

enum { MOST_SAMPLES = 1 << 16, LEAST_SAMPLES = 7, WARM_STEPS = 5, STEPS_TO_RESET = 250, MEMORY_STEPS = 3 };
static const double block_us = 2000, most_warming_us = 3e5;

struct options {
    const char *names, *threads, *modes;
    double seconds;
    bool memory; /* of all workloads, not only of those that are there for it */
};

/* A running workload; replay is NULL in eager mode. */
struct run {
    const struct workload *of;
    struct subject *subject;
    wg_replay *replay;
    FILE *out;
};

static double microseconds(void)
{
    return 1e6 * now();
}

static wg_status take_steps(const struct run *run, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        WG_TRY(run->replay ? wg_replay_run(run->replay) : run->of->step(run->subject));
    return WG_OK;
}

/* Captures a step, which also takes place. The loss is among its results. */
static wg_status capture(struct run *run)
{
    run->subject->report = true;
    run->replay = wg_replay_capture(run->of->step, run->subject);
    if (!run->replay)
        return failure();
    const wg_replay_info info = wg_replay_inspect(run->replay);
    fprintf(run->out, ",\"logged\":%zu,\"left\":%zu,\"groups\":%zu,\"planned_KiB\":%zu", info.logged, info.left, info.groups,
            info.planned / 1024);
    return subject_reset(run->subject);
}

/* ---- times ---- */

/* Restores the initial state. Training on one batch would fit it exactly in the end, and Adam's moments of units that no longer
   learn would become denormal, which doubles the time. Two steps bring the gradients and the memory of a step into use again. */
static wg_status start_anew(const struct run *run)
{
    WG_TRY(subject_reset(run->subject));
    return take_steps(run, 2);
}

static wg_status warm_up(const struct run *run, double seconds, double *us_per_step)
{
    const double start = microseconds(), least = seconds / 4 * 1e6 < most_warming_us ? seconds / 4 * 1e6 : most_warming_us;
    int64_t n = 0;
    for (; n < WARM_STEPS || microseconds() - start < least; n++)
        WG_TRY(take_steps(run, 1));
    *us_per_step = (microseconds() - start) / (double)n;
    return WG_OK;
}

static wg_status time_steps(const struct run *run, double seconds)
{
    static double sample[MOST_SAMPLES];
    double us_per_step;
    WG_TRY(warm_up(run, seconds, &us_per_step));
    WG_TRY(start_anew(run));
    const int64_t block = us_per_step < block_us ? (int64_t)(block_us / us_per_step) : 1;
    int64_t n = 0, since_reset = 0;
    for (const double start = microseconds(); n < MOST_SAMPLES; n++) {
        if (n >= LEAST_SAMPLES && microseconds() - start >= seconds * 1e6)
            break;
        if (run->subject->n_state > 0 && since_reset >= STEPS_TO_RESET) {
            WG_TRY(start_anew(run));
            since_reset = 0;
        }
        since_reset += block;
        const double before = microseconds();
        WG_TRY(take_steps(run, block));
        sample[n] = (microseconds() - before) / (double)block;
    }
    const double middle = median(sample, (size_t)n);
    fprintf(run->out, ",\"min_us\":%.3f,\"median_us\":%.3f,\"max_us\":%.3f,\"samples\":%lld,\"inner\":%lld", sample[0], middle,
            sample[n - 1], (long long)n, (long long)block);
    if (run->of->counted)
        fprintf(run->out, ",\"%s\":%.0f,\"%s\":%.2f", run->of->counted, run->of->count, run->of->per,
                middle * 1e3 / run->of->count);
    return WG_OK;
}

/* ---- memory ---- */

/* VmRSS or VmHWM in KiB; 0 if the system does not provide it. */
static long long status_line(const char *name)
{
    char line[256];
    long long value = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ':')
            value = atoll(line + strlen(name) + 1);
    if (file)
        fclose(file);
    return value;
}

/* Resets VmHWM to the current resident memory. */
static void forget_peak(void)
{
    FILE *file = fopen("/proc/self/clear_refs", "w");
    if (!file)
        return;
    fputs("5", file);
    fclose(file);
}

/* Measures the rise of the first steps above parameters and input: in bytes that Wengert counts, and in pages of the whole
   process. A replay allocates all its memory when the step is captured; what the capture needed beyond that is freed before its
   first run. */
static wg_status measure_memory(struct run *run, bool replay)
{
    long long resident[MEMORY_STEPS], above[MEMORY_STEPS];
    double us[MEMORY_STEPS];
    wg_memory_trim();
    const int64_t live = wg_memory_now().live;
    const long long before = status_line("VmRSS");
    if (replay && !run->of->captures) {
        WG_TRY(capture(run));
        wg_memory_trim();
    }
    for (int i = 0; i < MEMORY_STEPS; i++) {
        forget_peak();
        resident[i] = replay ? before : status_line("VmRSS");
        const double start = microseconds();
        WG_TRY(take_steps(run, 1));
        us[i] = microseconds() - start;
        above[i] = status_line("VmHWM") - resident[i];
    }
    const wg_memory now = wg_memory_now();
    fprintf(run->out, ",\"peak_live_KiB\":%lld,\"baseline_rss_KiB\":[%lld,%lld,%lld],\"peak_minus_baseline_KiB\":[%lld,%lld,%lld]",
            (long long)((replay ? now.live : now.peak) - live) / 1024, resident[0], resident[1], resident[2], above[0], above[1],
            above[2]);
    fprintf(run->out, ",\"step_us\":[%.0f,%.0f,%.0f]", us[0], us[1], us[2]);
    return WG_OK;
}

/* ---- one workload ---- */

/* The state is afterwards as before. */
static wg_status show_losses(const struct run *run)
{
    run->subject->report = true;
    WG_TRY(take_steps(run, 1));
    fprintf(run->out, ",\"loss0\":%.9g", wg_item(run->subject->loss));
    WG_TRY(take_steps(run, 3));
    fprintf(run->out, ",\"loss3\":%.9g", wg_item(run->subject->loss));
    run->subject->report = false;
    return subject_reset(run->subject);
}

static wg_status measure(struct run *run, bool replay, const struct options *options)
{
    run->subject->captured = replay && run->of->captures;
    WG_TRY(run->of->make(run->subject, run->of->settings));
    if (run->of->memory || options->memory)
        return measure_memory(run, replay);
    if (replay && !run->of->captures)
        WG_TRY(capture(run));
    WG_TRY(show_losses(run));
    return time_steps(run, options->seconds);
}

/* Prints text as the contents of a JSON string. */
static void put_text(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            putc('\\', out);
        putc((unsigned char)*text < ' ' ? ' ' : *text, out);
    }
}

static bool run_one(const struct workload *w, int threads, const char *mode, const struct options *options)
{
    struct run run = {.of = w, .subject = calloc(1, w->size), .out = stdout};
    const bool replay = strcmp(mode, "replay") == 0;
    printf("{\"peer\":\"wengert\",\"workload\":\"%s\",\"threads\":%d,\"mode\":\"%s\"", w->name, threads, mode);
    wg_status status = run.subject ? wg_set_threads(threads) : failure();
    if (status == WG_OK)
        status = wg_warmup(threads);
    if (status == WG_OK && !replay && strcmp(mode, "eager") != 0)
        status = wg_error_set(WG_E_ARGUMENT, "wg-bench", "there is no mode \"%s\"", mode);
    if (status == WG_OK)
        status = measure(&run, replay, options);
    wg_replay_destroy(run.replay);
    if (run.subject)
        w->finish(run.subject);
    free(run.subject);
    wg_error error;
    if (status != WG_OK && wg_error_take(&error) != WG_OK) {
        printf(",\"error\":\"");
        put_text(stdout, error.message);
        printf("\"");
    }
    printf("}\n");
    fflush(stdout);
    return status == WG_OK;
}

/* Runs in a separate process, so that memory, pages and threads of one workload do not affect the next. */
static bool run_apart(const struct workload *w, int threads, const char *mode, const struct options *options)
{
    int status;
    const pid_t child = fork();
    if (child == 0)
        _exit(run_one(w, threads, mode, options) ? 0 : 1);
    if (child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status))
        return WEXITSTATUS(status) == 0;
    fprintf(stderr, "wg-bench: the process of %s came to no good end\n", w->name);
    return false;
}

/* ---- the command line ---- */

static void usage(FILE *out)
{
    fprintf(out, "usage: wg-bench [-w WORKLOAD,...|all] [-t THREADS,...] [-m eager,replay] [-s SECONDS] [-p]\n"
                 "-p: peak memory instead of time\nworkloads:");
    for (const struct workload *const *w = workloads; *w; w++)
        fprintf(out, " %s", (*w)->name);
    fprintf(out, "\n");
}

static bool read_options(struct options *o, int argc, char **argv)
{
    for (int option; (option = getopt(argc, argv, "w:t:m:s:p")) != -1;) {
        if (option == 'w')
            o->names = optarg;
        else if (option == 't')
            o->threads = optarg;
        else if (option == 'm')
            o->modes = optarg;
        else if (option == 's')
            o->seconds = atof(optarg);
        else if (option == 'p')
            o->memory = true;
        else
            return false;
    }
    return optind == argc && o->seconds > 0;
}

/* Copies the next item of a list, such as "W1" of "W1,W2", into item; false at the end. */
static bool next_item(const char **list, char *item, size_t size)
{
    if (!**list)
        return false;
    const size_t n = strcspn(*list, ",");
    snprintf(item, size, "%.*s", (int)n, *list);
    *list += n + ((*list)[n] == ',');
    return true;
}

static bool known(const char *name)
{
    for (const struct workload *const *w = workloads; *w; w++)
        if (strcmp(name, (*w)->name) == 0)
            return true;
    return strcmp(name, "all") == 0;
}

static bool names_are_known(const char *names)
{
    char name[32];
    while (next_item(&names, name, sizeof name))
        if (!known(name)) {
            fprintf(stderr, "wg-bench: there is no workload %s\n", name);
            return false;
        }
    return true;
}

/* A single run stays in this process, for debuggers and profilers. */
static bool run_named(const char *names, int threads, const char *mode, const struct options *options)
{
    char name[32];
    bool good = true;
    const bool alone = strcmp(names, "all") != 0 && !strpbrk(names, ",") && !strpbrk(options->threads, ",") &&
                       !strpbrk(options->modes, ",");
    while (next_item(&names, name, sizeof name))
        for (const struct workload *const *w = workloads; *w; w++)
            if (strcmp(name, (*w)->name) == 0 || strcmp(name, "all") == 0)
                good &= alone ? run_one(*w, threads, mode, options) : run_apart(*w, threads, mode, options);
    return good;
}

int main(int argc, char **argv)
{
    struct options options = {.names = "all", .threads = "1,2", .modes = "eager,replay", .seconds = 2};
    if (!read_options(&options, argc, argv) || !names_are_known(options.names)) {
        usage(stderr);
        return 2;
    }
    char threads[32], mode[32];
    bool good = true;
    for (const char *all = options.threads; next_item(&all, threads, sizeof threads);)
        for (const char *modes = options.modes; next_item(&modes, mode, sizeof mode);)
            good &= run_named(options.names, atoi(threads), mode, &options);
    return good ? 0 : 1;
}
