/* Reading a command's arguments, and its help. */
#include "arguments.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MAX_OPTION = 200, NAME_WIDTH = 22 };

int misused(const char *command, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    fprintf(stderr, "%s: ", command);
    vfprintf(stderr, format, values);
    fputc('\n', stderr);
    va_end(values);
    return TOOL_MISUSED;
}

int failed(void)
{
    wg_error_report(stderr);
    return TOOL_FAILED;
}

/* ---- help ---- */

static const char *value_of(const wg_option *option)
{
    return option->type == WG_OPTION_BOOL ? "" : option->type == WG_OPTION_CHOICE ? " WORD" : " N";
}

static void print_option(const char *name, const char *value, const char *help)
{
    const int used = printf("  --%s%s ", name, value);
    printf("%*s%s", used < NAME_WIDTH ? NAME_WIDTH - used : 0, "", help);
}

/* The default, and for a choice the words. A switch is off unless it is given. */
static void print_preset(const wg_option *option)
{
    if (option->type == WG_OPTION_CHOICE) {
        printf(":");
        for (int i = 0; option->choice[i]; i++)
            printf("%s %s", i ? "," : "", option->choice[i]);
        printf(" (default %s)", option->choice[(int)option->preset]);
    } else if (option->type != WG_OPTION_BOOL) {
        printf(" (default %g)", option->preset);
    }
    putchar('\n');
}

static void print_help(const struct usage *usage)
{
    printf("%s: %s\nusage: %s [OPTION...]%s%s\n\n", usage->command, usage->summary, usage->command, usage->operands[0] ? " " : "",
           usage->operands);
    if (usage->out) {
        print_option("out ", usage->out, usage->out_help);
        putchar('\n');
    }
    if (usage->title)
        print_option("title", " TEXT", "stands on top\n");
    if (usage->data)
        print_option("data", " FOLDER",
                     "files of MNIST, Fashion-MNIST or CIFAR, for studies of images (default: the built-in digits)\n");
    for (size_t i = 0; i < usage->table.n; i++) {
        print_option(usage->table.option[i].name, value_of(&usage->table.option[i]), usage->table.option[i].help);
        print_preset(&usage->table.option[i]);
    }
    print_option("help", "", "prints this text\n");
    if (usage->details)
        printf("\n%s\n", usage->details);
}

/* ---- reading ---- */

static int unknown_option(const struct usage *usage, const char *word)
{
    fprintf(stderr, "%s: expected", usage->command);
    if (usage->out)
        fprintf(stderr, " --out %s,", usage->out);
    if (usage->title)
        fprintf(stderr, " --title TEXT,");
    if (usage->data)
        fprintf(stderr, " --data FOLDER,");
    for (size_t i = 0; i < usage->table.n; i++)
        fprintf(stderr, " --%s%s,", usage->table.option[i].name, value_of(&usage->table.option[i]));
    fprintf(stderr, " --help; got %s\n", word);
    return TOOL_MISUSED;
}

static const wg_option *find_option(const struct usage *usage, const char *name, size_t length)
{
    for (size_t i = 0; i < usage->table.n; i++)
        if (strlen(usage->table.option[i].name) == length && strncmp(usage->table.option[i].name, name, length) == 0)
            return &usage->table.option[i];
    return NULL;
}

/* Reads the option at argv[*at], "--name", "--name value" or "--name=value", and moves *at to its last word. */
static int read_option(const struct usage *usage, int argc, char **argv, int *at, struct arguments *arguments)
{
    const char *name = argv[*at] + 2, *value = strchr(name, '=');
    const size_t length = value ? (size_t)(value - name) : strlen(name);
    const bool is_out = usage->out && length == 3 && strncmp(name, "out", 3) == 0,
               is_title = usage->title && length == 5 && strncmp(name, "title", 5) == 0,
               is_data = usage->data && length == 4 && strncmp(name, "data", 4) == 0;
    const wg_option *option = find_option(usage, name, length);
    const bool is_switch = option && option->type == WG_OPTION_BOOL;
    char text[MAX_OPTION];
    if (!is_out && !is_title && !is_data && !option)
        return unknown_option(usage, argv[*at]);
    if (is_switch && value)
        return misused(usage->command, "expected --%s without a value, got %s", option->name, argv[*at]);
    if (value)
        value++;
    else if (!is_switch && *at + 1 < argc)
        value = argv[++*at];
    else if (!is_switch)
        return misused(usage->command, "expected a value behind --%s, got the end of the line", name);
    if (is_out || is_title || is_data) {
        *(is_out ? &arguments->out : is_title ? &arguments->title : &arguments->data) = value;
        return TOOL_OK;
    }
    if (snprintf(text, sizeof text, "%s=%s", option->name, is_switch ? "true" : value) >= (int)sizeof text)
        return misused(usage->command, "expected a value of at most %d bytes behind --%s", MAX_OPTION / 2, option->name);
    if (wg_options_parse(usage->table, arguments->options, text, usage->command) == WG_OK)
        return TOOL_OK;
    (void)failed();
    return TOOL_MISUSED;
}

bool arguments_read(const struct usage *usage, int argc, char **argv, struct arguments *arguments, int *status)
{
    *status = TOOL_OK;
    arguments->n_operands = 0;
    if (usage->table.n)
        wg_options_reset(usage->table, arguments->options);
    for (int i = 0; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0) {
            print_help(usage);
            return false;
        }
    for (int i = 0; i < argc && *status == TOOL_OK; i++) {
        if (argv[i][0] == '-' && argv[i][1] == '-')
            *status = read_option(usage, argc, argv, &i, arguments);
        else if (argv[i][0] == '-' && argv[i][1])
            *status = unknown_option(usage, argv[i]);
        else if (arguments->n_operands == usage->max_operands)
            *status = misused(usage->command, "expected %s, got %s too; see --help",
                              usage->max_operands ? usage->operands : "no operand", argv[i]);
        else
            arguments->operand[arguments->n_operands++] = argv[i];
    }
    if (*status == TOOL_OK && arguments->n_operands < usage->min_operands)
        *status = misused(usage->command, "expected %s, got %d of %d operands; see --help", usage->operands, arguments->n_operands,
                          usage->min_operands);
    return *status == TOOL_OK;
}
