#include "stress/trace/text_input.h"

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "gtest/gtest.h"

namespace ashlar::stress {
namespace {

std::string PathInTemporaryFolder(const std::string& name) {
  return testing::TempDir() + "/text_input_" + std::to_string(getpid()) + "_" + name;
}

std::string WriteFile(const std::string& name, const std::string& text) {
  const std::string path = PathInTemporaryFolder(name);
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

absl::StatusOr<std::string> ReadAll(const std::string& path) {
  absl::StatusOr<std::unique_ptr<TextInput>> input = OpenTextInput(path);
  if (!input.ok()) return input.status();
  std::string text;
  char buffer[7];
  for (;;) {
    const absl::StatusOr<std::size_t> n = (*input)->Read(buffer);
    if (!n.ok()) return n.status();
    if (*n == 0) return text;
    text.append(buffer, *n);
  }
}

std::string FaultOf(const std::string& path) {
  return std::string(ReadAll(path).status().message());
}

TEST(TextInput, AFileIsReadToItsEnd) {
  EXPECT_EQ(*ReadAll(WriteFile("plain", "one\ntwo\nthree")), "one\ntwo\nthree");
}

TEST(TextInput, AnXzFileIsUnpacked) {
  const std::string path = WriteFile("packed", "one\ntwo\n");
  ASSERT_EQ(std::system(("xz -f '" + path + "'").c_str()), 0);
  EXPECT_EQ(*ReadAll(path + ".xz"), "one\ntwo\n");
}

TEST(TextInput, AMissingFileIsNamed) {
  const std::string path = PathInTemporaryFolder("missing");
  EXPECT_EQ(FaultOf(path), "cannot open " + path + ": No such file or directory");
  EXPECT_EQ(FaultOf(path + ".xz"), "cannot open " + path + ".xz: No such file or directory");
}

TEST(TextInput, AFolderIsNoFile) { EXPECT_EQ(FaultOf("/tmp"), "cannot read /tmp: Is a directory"); }

TEST(TextInput, WhatXzComplainsAboutIsTheFault) {
  const std::string path = WriteFile("junk.xz", "this is no archive");
  const std::string fault = FaultOf(path);
  EXPECT_EQ(fault.rfind("xz failed on " + path + ": ", 0), 0u) << fault;
  EXPECT_NE(fault.find("format not recognized"), fault.npos) << fault;
}

TEST(TextInput, AnXzFileThatIsCutOffIsAFaultNotAnEnd) {
  const std::string path = WriteFile("cut", std::string(100'000, 'x') + "\n");
  ASSERT_EQ(std::system(("xz -f '" + path + "' && truncate -s -8 '" + path + ".xz'").c_str()), 0);
  const std::string fault = FaultOf(path + ".xz");
  EXPECT_NE(fault.find("Unexpected end of input"), fault.npos) << fault;
}

TEST(TextInput, AMissingXzProgramIsNamed) {
  const std::string path = WriteFile("no_xz.xz", "");
  const std::string search_path = std::getenv("PATH");
  ASSERT_EQ(setenv("PATH", "/nowhere", 1), 0);
  const std::string fault = FaultOf(path);
  ASSERT_EQ(setenv("PATH", search_path.c_str(), 1), 0);
  EXPECT_EQ(fault, "cannot read " + path + ": the program xz is missing (Debian package xz-utils)");
}

TEST(TextInput, AnInputMayBeDroppedBeforeItsEnd) {
  const std::string path = WriteFile("long", std::string(10'000'000, 'x'));
  ASSERT_EQ(std::system(("xz -0 -f '" + path + "'").c_str()), 0);
  absl::StatusOr<std::unique_ptr<TextInput>> input = OpenTextInput(path + ".xz");
  ASSERT_TRUE(input.ok());
  char buffer[1];
  ASSERT_EQ(*(*input)->Read(buffer), 1u);
  input->reset();  // would hang if xz were waited for while it waits for a reader
}

}  // namespace
}  // namespace ashlar::stress
