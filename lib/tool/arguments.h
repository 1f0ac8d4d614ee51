/* The arguments of a command: operands, --out PATH, --title TEXT, and the options of a table, which are numbers, switches and choices. */
#ifndef WG_TOOL_ARGUMENTS_H
#define WG_TOOL_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>

#include <wengert.h>

/* The exit statuses of the program. */
enum { TOOL_OK, TOOL_FAILED, TOOL_MISUSED };

enum { MAX_OPERANDS = 64 };

/* What a command takes. operands: as the help writes them, "NAME" or "BEFORE.json AFTER.json"; out: what --out names, "FOLDER", or NULL
   if there is no --out; title: there is a --title; data: there is a --data FOLDER; details: paragraphs behind the list of options, or NULL. */
struct usage {
    const char *command, *summary, *operands;
    int min_operands, max_operands;
    const char *out, *out_help;
    bool title, data;
    wg_option_table table;
    const char *details;
};

/* What was given. options is the struct that the table describes; it is reset to the defaults first. */
struct arguments {
    void *options;
    const char *out, *title, *data, *operand[MAX_OPERANDS];
    int n_operands;
};

/* Reads argv[0..argc), the words behind the command's name. True: go on. False: the command ends with *status, because --help was
   printed or, TOOL_MISUSED, because a message on stderr says what was expected. */
bool arguments_read(const struct usage *usage, int argc, char **argv, struct arguments *arguments, int *status);

/* The commands (commands.def): argv[0..argc) are the words behind the command's name; the result is the exit status. */
#define COMMAND(name, operands, summary) int command_##name(int argc, char **argv);
#include "commands.def"
#undef COMMAND

/* Prints "COMMAND: message" to stderr and returns TOOL_MISUSED. */
int misused(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints the library's first error to stderr and returns TOOL_FAILED. */
int failed(void);

#endif
