/* wengert study: runs one of the studies in docs/studies, draws it, and says what it decided. */
#include "../../docs/studies/study.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "arguments.h"

#define CHAPTER(folder, title)
#define STUDY(name, rows, quick, full, claim) \
    extern const struct study study_##name;   \
    extern const char *const study_##name##_picture;
#include "../../docs/studies/studies.def"
#undef CHAPTER
#undef STUDY

/* A study of the list, or, without one, the beginning of a chapter. */
static const struct entry {
    const struct study *study;
    const char *const *picture;
    const char *claim, *rows;
    int quick, full; /* seconds at most */
} entries[] = {
#define CHAPTER(folder, title) {NULL, NULL, title, NULL, 0, 0},
#define STUDY(name, rows, quick, full, claim) {&study_##name, &study_##name##_picture, claim, rows, quick, full},
#include "../../docs/studies/studies.def"
#undef CHAPTER
#undef STUDY
};
enum { N_ENTRIES = sizeof entries / sizeof *entries, MAX_TABLE = 16 };

static int print_list(FILE *stream, int status)
{
    for (int i = 0; i < N_ENTRIES; i++)
        if (entries[i].study)
            fprintf(stream, "  %-24s %s\n", entries[i].study->name, entries[i].claim);
        else
            fprintf(stream, "%s%s\n", i ? "\n" : "", entries[i].claim);
    return status;
}

static int print_usage(void)
{
    printf(
        "wengert study: an experiment that runs, draws and judges itself\nusage: wengert study NAME [OPTION...]\n       wengert study list\n\n");
    print_list(stdout, TOOL_OK);
    printf("\nwengert study NAME --help describes a study's options. Exit status: 0 if every claim passed, 1 if one failed.\n");
    return TOOL_OK;
}

/* ---- a run ---- */

/* What every study takes. */
#define COMMON_OPTIONS(X, T)                                                                          \
    X(T, BOOL, quick, false, "the short run, for automatic tests; it is the default")                 \
    X(T, BOOL, full, false, "the whole run, which may take the seconds below")                        \
    X(T, BOOL, control, false, "spoils the run as said below; then the claim that decides must fail") \
    X(T, INT, seed, 1, "of everything random", WG_BETWEEN(0, 1e15))
WG_OPTION_STRUCT(common_options, COMMON_OPTIONS);
WG_OPTION_TABLE(common_table, common_options, COMMON_OPTIONS);

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* True if the run was whole: the study ended, its files are written and drawn, and one claim decided. */
static bool run_whole(struct study_run *run, const struct entry *entry, const void *options)
{
    const bool ended = entry->study->run(run, options), drawn = ended && study_draw(run, *entry->picture);
    bool written = !run->csv || !ferror(run->csv);
    written = (!run->csv || fclose(run->csv) == 0) && written;
    if (!ended && wg_error_first())
        (void)failed();
    if (!written)
        fprintf(stderr, "wengert study %s: expected to write the table in %s\n", run->name, run->folder);
    if (ended && !run->decided)
        fprintf(stderr, "wengert study %s: expected a claim that decides, got none\n", run->name);
    return ended && drawn && written && run->decided;
}

/* False, and errno: there is no such folder, and it cannot be made. */
static bool make_folder(const char *path)
{
    struct stat found;
    if (mkdir(path, 0777) == 0)
        return true;
    if (errno != EEXIST || stat(path, &found) != 0)
        return false;
    errno = ENOTDIR;
    return S_ISDIR(found.st_mode);
}

/* Runs a study whose options were read, and sums up in a line. A control is good if the claim that decides failed. */
static int run_study(const struct entry *entry, const struct arguments *arguments, const common_options *common)
{
    const char *name = entry->study->name;
    struct study_run run = {.name = name,
                            .folder = arguments->out,
                            .data = arguments->data,
                            .quick = !common->full,
                            .control = common->control,
                            .seed = (uint64_t)common->seed};
    if (common->quick && common->full)
        return misused("wengert study", "expected --quick or --full, got both");
    if (common->control && !entry->study->control)
        return misused("wengert study", "expected a study with a control behind --control, got %s", name);
    for (const char *c = run.folder; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 127) /* they would end a line of gnuplot's script */
            return misused("wengert study", "expected a folder without control characters behind --out, got %s", run.folder);
    if (!make_folder(run.folder))
        return misused("wengert study", "expected a folder to write to behind --out, got %s: %s", run.folder, strerror(errno));
    const double start = seconds_now();
    const bool whole = run_whole(&run, entry, arguments->options);
    const bool good = whole && (run.control ? !run.decision : run.failed == 0);
    const char *verdict = !good ? "FAIL" : run.reduced && !run.control ? "REDUCED" : "PASS";
    printf("%s %s", verdict, name);
    if (run.control)
        printf(", control: with %s the deciding claim %s", entry->study->control,
               run.decision ? "holds, and must not" : "fails, as it must");
    printf(" (%s, seed %lld, %.1f s): %s\n", run.quick ? "quick" : "full", (long long)common->seed, seconds_now() - start,
           run.decided ? run.deciding : "nothing was decided");
    return good ? TOOL_OK : TOOL_FAILED;
}

/* ---- its options ---- */

/* The study's details, its control and its times, as paragraphs; the caller frees the text. */
static char *details_of(const struct entry *entry)
{
    const char *details = entry->study->details, *control = entry->study->control;
    char *text = NULL;
    const int length = asprintf(
        &text, "%s%sControl: %s.\nSeconds on two cores, at most: quick %d, full %d.\nRows of docs/studies/rows.def: %s.",
        details ? details : "", details ? "\n\n" : "", control ? control : "none", entry->quick, entry->full,
        entry->rows[0] ? entry->rows : "none");
    return length < 0 ? NULL : text;
}

/* The study's own options, and behind them in memory those of every study. */
static int read_and_run(const struct entry *entry, int argc, char **argv)
{
    const wg_option_table own = entry->study->table;
    const size_t n = own.n + common_table.n, at = (own.size + 15) / 16 * 16;
    wg_option options[MAX_TABLE];
    char command[80], *details = details_of(entry);
    char *values = calloc(1, at + sizeof(common_options));
    struct arguments arguments = {.options = values, .out = entry->study->name};
    int status = TOOL_FAILED;
    if (!values || !details || n > MAX_TABLE)
        goto done;
    for (size_t i = 0; i < n; i++) {
        options[i] = i < own.n ? own.option[i] : common_table.option[i - own.n];
        options[i].offset += i < own.n ? 0 : at;
    }
    snprintf(command, sizeof command, "wengert study %s", entry->study->name);
    const struct usage usage = {.command = command,
                                .summary = entry->claim,
                                .operands = "",
                                .out = "FOLDER",
                                .out_help = "where its files go; made if it is not there (default: its name)",
                                .data = entry->study->images,
                                .table = {options, n, at + sizeof(common_options)},
                                .details = details};
    if (arguments_read(&usage, argc, argv, &arguments, &status))
        status = run_study(entry, &arguments, (const common_options *)(values + at));
done:
    free(values);
    free(details);
    return status;
}

int command_study(int argc, char **argv)
{
    if (argc == 0 || strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "list") == 0)
        return print_usage();
    for (int i = 0; i < N_ENTRIES; i++)
        if (entries[i].study && strcmp(argv[0], entries[i].study->name) == 0)
            return read_and_run(&entries[i], argc - 1, argv + 1);
    print_list(stderr, TOOL_MISUSED); /* first: it is long */
    return misused("wengert study", "expected the name of a study as above, got %s", argv[0]);
}
