/* wengert demo: gradient descent step by step. In the terminal each line of input is a command; with --out it writes a page instead. */
#include "demo/demo.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arguments.h"

extern const char *const demo_page_text;

static const struct demo *const demos[] = {&demo_classifier, &demo_conditioning};
enum { N_DEMOS = sizeof demos / sizeof *demos, MAX_OPTIONS = 64, MAX_TEXT = 200, PAGE_STEPS = 30 };

/* ---- a problem under way ---- */

static void demo_end(struct demo_state *state)
{
    wg_optim_destroy(state->optim);
    for (int i = 0; i < DEMO_MAX_PARAMS; i++)
        wg_free(state->params[i]);
    *state = (struct demo_state){.options = state->options};
}

/* An optimizer with the options of now: the old one, with its state, or a new one. The old one stays if there is an error. */
static bool demo_adjust(const struct demo *demo, struct demo_state *state)
{
    if (state->optim && demo->adjust && demo->adjust(state))
        return true;
    wg_optim *optim = demo->optimizer(state);
    if (!optim)
        return false;
    wg_optim_destroy(state->optim);
    state->optim = optim;
    return true;
}

static bool demo_begin(const struct demo *demo, struct demo_state *state)
{
    demo_end(state);
    bool good = demo->begin(state);
    for (size_t i = 0; i < demo->n_params && good; i++)
        good = state->params[i] && wg_set_requires_grad(state->params[i], true);
    return good && demo_adjust(demo, state);
}

static bool demo_step(const struct demo *demo, struct demo_state *state)
{
    WG_TAPE(tape);
    const bool good = wg_backward(demo->loss(state)) == WG_OK && wg_optim_step(state->optim) == WG_OK;
    state->step += good;
    return good;
}

/* ---- the terminal ---- */

static void print_commands(const struct demo *demo)
{
    printf("Enter: a step.   N: so many steps.   NAME=VALUE: an option.   reset: from the start.   help   quit\noptions:");
    for (size_t i = 0; i < demo->table->n; i++) {
        const wg_option *option = &demo->table->option[i];
        printf("%s %s, %s", i ? ";" : "", option->name, option->help);
        for (int j = 0; option->choice && option->choice[j]; j++)
            printf("%s%s", j ? ", " : ": ", option->choice[j]);
    }
    putchar('\n');
}

/* True if the line is a whole number of steps, which are taken; *good is false after an error. */
static bool take_steps(const struct demo *demo, struct demo_state *state, const char *line, bool *good)
{
    char *end;
    errno = 0;
    const long long n = *line ? strtoll(line, &end, 10) : 1;
    if (*line && (*end || errno || n < 1 || n > 1000000))
        return false;
    for (long long i = 0; i < n && *good; i++)
        *good = demo_step(demo, state);
    return true;
}

/* One line of input. A line that cannot be understood changes nothing. False: an error of the library, or the end. */
static bool obey(const struct demo *demo, struct demo_state *state, const char *line)
{
    bool good = true;
    if (strcmp(line, "quit") == 0)
        return false;
    if (strcmp(line, "help") == 0) {
        print_commands(demo);
        return true;
    }
    if (strcmp(line, "reset") == 0)
        good = demo_begin(demo, state);
    else if (strchr(line, '=')) {
        if (wg_options_parse(*demo->table, state->options, line, "wengert demo") != WG_OK) {
            (void)failed();
            return true;
        }
        good = demo_adjust(demo, state);
    } else if (!take_steps(demo, state, line, &good)) {
        (void)misused("wengert demo",
                      "expected Enter, a number of steps from 1 to 1000000, NAME=VALUE, reset, help or quit; got %s", line);
        return true;
    }
    return good && demo->print(state);
}

static int in_terminal(const struct demo *demo, struct demo_state *state)
{
    char *line = NULL;
    size_t size = 0;
    bool good = demo_begin(demo, state) && demo->print(state);
    if (good)
        print_commands(demo);
    while (good) {
        printf("> ");
        fflush(stdout);
        if (getline(&line, &size, stdin) < 0)
            break;
        line[strcspn(line, "\r\n")] = 0;
        if (!isatty(STDIN_FILENO))
            printf("%s\n", line); /* a script's commands stand in its output */
        good = obey(demo, state, line);
    }
    putchar('\n');
    free(line);
    return wg_error_first() ? failed() : TOOL_OK;
}

/* ---- the page ---- */

/* The parameters as [numbers of the first, then of the second …]. */
static void write_params(const struct demo *demo, const struct demo_state *state, FILE *page)
{
    const char *separator = "[";
    for (size_t i = 0; i < demo->n_params; i++)
        for (int64_t j = 0; j < wg_numel(state->params[i]); j++, separator = ",")
            fprintf(page, "%s%.17g", separator, ((const double *)wg_data(state->params[i]))[j]);
    fputc(']', page);
}

/* {"options":{…}, "steps":[…], …}: the steps are the library's, beside which the page checks its own. */
static bool write_data(const struct demo *demo, struct demo_state *state, FILE *page)
{
    bool good = demo_begin(demo, state);
    fputs("{\"options\":{", page);
    for (size_t i = 0; i < demo->table->n && good; i++) {
        double value = 0;
        good = wg_options_get(*demo->table, state->options, demo->table->option[i].name, &value, "wengert demo") == WG_OK;
        fprintf(page, "%s\"%s\":%.17g", i ? "," : "", demo->table->option[i].name, value);
    }
    fputs("},", page);
    demo->write_data(page);
    fputs("\"steps\":[", page);
    for (int i = 0; i <= PAGE_STEPS && good; i++) {
        fputs(i ? ",\n" : "", page);
        write_params(demo, state, page);
        good = demo_step(demo, state);
    }
    fputs("]}", page);
    return good;
}

/* The page's text up to mark; the rest behind it is returned. */
static const char *write_up_to(const char *text, const char *mark, FILE *page)
{
    const char *at = strstr(text, mark);
    fwrite(text, 1, (size_t)(at - text), page);
    return at + strlen(mark);
}

static int write_page(const struct demo *demo, struct demo_state *state, const char *path)
{
    FILE *page = fopen(path, "w");
    if (!page)
        return misused("wengert demo", "expected a file that can be written behind --out, got %s: %s", path, strerror(errno));
    const char *rest = write_up_to(demo_page_text, "@TITLE@", page);
    fputs(demo->summary, page);
    rest = write_up_to(rest, "@DATA@", page);
    const bool good = write_data(demo, state, page);
    rest = write_up_to(rest, "@SCRIPT@", page);
    fprintf(page, "%s%s", *demo->script, rest);
    const bool written = !ferror(page);
    if ((fclose(page) == 0) & written & good) {
        printf("%s\n", path);
        return TOOL_OK;
    }
    return good ? misused("wengert demo", "expected to write all of %s: %s", path, strerror(errno)) : failed();
}

/* ---- the command ---- */

static int print_usage(FILE *stream, int status)
{
    fprintf(stream, "wengert demo: gradient descent step by step, in the terminal or as a page for the browser\n"
                    "usage: wengert demo NAME [OPTION...]\n\n");
    for (int i = 0; i < N_DEMOS; i++)
        fprintf(stream, "  %-14s %s\n", demos[i]->name, demos[i]->summary);
    return status;
}

static int run_demo(const struct demo *demo, int argc, char **argv)
{
    _Alignas(max_align_t) char options[MAX_OPTIONS] = {0};
    char command[40];
    snprintf(command, sizeof command, "wengert demo %s", demo->name);
    const struct usage usage = {
        .command = command,
        .summary = demo->summary,
        .operands = "",
        .out = "FILE.html",
        .out_help = "writes the page, which needs no other file, and ends",
        .table = *demo->table,
        .details = "Without --out it reads commands, a line each, and prints what it has come to: try help."};
    struct arguments arguments = {.options = options};
    struct demo_state state = {.options = options};
    int status = TOOL_FAILED;
    if (arguments_read(&usage, argc, argv, &arguments, &status))
        status = arguments.out ? write_page(demo, &state, arguments.out) : in_terminal(demo, &state);
    demo_end(&state);
    return status;
}

int command_demo(int argc, char **argv)
{
    if (argc == 0 || strcmp(argv[0], "--help") == 0)
        return print_usage(argc ? stdout : stderr, argc ? TOOL_OK : TOOL_MISUSED);
    for (int i = 0; i < N_DEMOS; i++)
        if (strcmp(argv[0], demos[i]->name) == 0)
            return run_demo(demos[i], argc - 1, argv + 1);
    (void)misused("wengert demo", "expected the name of a demonstration, got %s", argv[0]);
    return print_usage(stderr, TOOL_MISUSED);
}
