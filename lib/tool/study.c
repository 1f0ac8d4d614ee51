/* wengert study: runs one of the studies in docs/studies. */
#include "../../docs/studies/study.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "arguments.h"

#define STUDY(name, summary) extern const struct study study_##name;
#include "../../docs/studies/studies.def"
#undef STUDY

static const struct entry {
    const struct study *study;
    const char *summary;
} studies[] = {
#define STUDY(name, summary) {&study_##name, summary},
#include "../../docs/studies/studies.def"
#undef STUDY
};
enum { N_STUDIES = sizeof studies / sizeof *studies, MAX_TABLE = 16 };

static int print_list(FILE *stream, int status)
{
    for (int i = 0; i < N_STUDIES; i++)
        fprintf(stream, "  %-12s %s\n", studies[i].study->name, studies[i].summary);
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

/* Runs a study whose options were read, and sums up. */
static int run_study(const struct study *study, const char *folder, bool quick, const void *options)
{
    struct study_run run = {.name = study->name, .folder = folder, .quick = quick};
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        return misused("wengert study", "expected a folder to write to behind --out, got %s: %s", folder, strerror(errno));
    const bool ended = study->run(&run, options);
    bool written = !run.csv || !ferror(run.csv);
    written = (!run.csv || fclose(run.csv) == 0) && written;
    if (!ended && wg_error_first())
        (void)failed();
    if (!written)
        fprintf(stderr, "wengert study %s: expected to write the table in %s\n", study->name, folder);
    printf("%s %s: %d passed, %d failed; files in %s\n", ended && written && run.failed == 0 && run.passed > 0 ? "PASS" : "FAIL",
           study->name, run.passed, run.failed, folder);
    return ended && written && run.failed == 0 && run.passed > 0 ? TOOL_OK : TOOL_FAILED;
}

/* The study's own options and --quick, which is the last one of the table, behind them in memory. */
static int read_and_run(const struct entry *entry, int argc, char **argv)
{
    const struct study *study = entry->study;
    const wg_option quick = {.name = "quick",
                             .type = WG_OPTION_BOOL,
                             .offset = study->table.size,
                             .range = WG_BETWEEN(0, 1),
                             .help = "a shorter run with the same claims"};
    wg_option options[MAX_TABLE];
    char command[80];
    void *values = calloc(1, study->table.size + sizeof(bool));
    struct arguments arguments = {.options = values, .out = study->name};
    int status = TOOL_FAILED;
    if (!values || study->table.n >= MAX_TABLE)
        goto done;
    if (study->table.n)
        memcpy(options, study->table.option, study->table.n * sizeof *options);
    options[study->table.n] = quick;
    snprintf(command, sizeof command, "wengert study %s", study->name);
    const struct usage usage = {.command = command,
                                .summary = entry->summary,
                                .operands = "",
                                .out = "FOLDER",
                                .out_help = "where its files go; made if it is not there (default: its name)",
                                .table = {options, study->table.n + 1, study->table.size + sizeof(bool)},
                                .details = study->claims};
    if (arguments_read(&usage, argc, argv, &arguments, &status))
        status = run_study(study, arguments.out, *((bool *)values + study->table.size), values);
done:
    free(values);
    return status;
}

int command_study(int argc, char **argv)
{
    if (argc == 0 || strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "list") == 0)
        return print_usage();
    for (int i = 0; i < N_STUDIES; i++)
        if (strcmp(argv[0], studies[i].study->name) == 0)
            return read_and_run(&studies[i], argc - 1, argv + 1);
    (void)misused("wengert study", "expected the name of a study, got %s", argv[0]);
    return print_list(stderr, TOOL_MISUSED);
}
