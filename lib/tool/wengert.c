/* The program `wengert`: looks at an installation, at computations and at what they cost. */
#include <stdio.h>
#include <string.h>

#include "arguments.h"

static const struct command {
    const char *name, *operands, *summary;
    int (*run)(int argc, char **argv);
} commands[] = {
#define COMMAND(name, operands, summary) {#name, operands, summary, command_##name},
#include "commands.def"
#undef COMMAND
};
enum { N_COMMANDS = sizeof commands / sizeof *commands };

static int print_help(FILE *stream, int status)
{
    fprintf(stream, "usage: wengert COMMAND [OPTION...]\n\n");
    for (int i = 0; i < N_COMMANDS; i++)
        fprintf(stream, "  %-8s %-24s %s\n", commands[i].name, commands[i].operands, commands[i].summary);
    fprintf(stream, "\nwengert COMMAND --help describes a command's options; wengert --version prints the version.\n");
    return status;
}

static const struct command *find(const char *name)
{
    for (int i = 0; i < N_COMMANDS; i++)
        if (strcmp(name, commands[i].name) == 0)
            return &commands[i];
    return NULL;
}

/* The status of a command, which has failed if what it printed did not arrive. */
static int written(int status)
{
    const bool flushed = fflush(stdout) == 0;
    if (flushed && !ferror(stdout))
        return status;
    return status ? status : misused("wengert", "expected to write to standard output");
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return print_help(stderr, TOOL_MISUSED);
    const bool help = strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0;
    if (help && argc == 2)
        return print_help(stdout, TOOL_OK);
    if (strcmp(argv[1], "--version") == 0)
        return printf("wengert %s\n", wg_version()), written(TOOL_OK);
    const char *name = argv[help ? 2 : 1];
    const struct command *command = find(name);
    if (command)
        return written(help ? command->run(1, (char *[]){"--help", NULL}) : command->run(argc - 2, argv + 2));
    fprintf(stderr, "wengert: expected a command, got %s\n", name);
    return print_help(stderr, TOOL_MISUSED);
}
